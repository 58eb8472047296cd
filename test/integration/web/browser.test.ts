import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'kysely';
import { pino } from 'pino';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SettingTable } from '#config';
import { QueueBus } from '#queues';
import { createMigratedDatabase, createTestFolder, createTestRedis, waitFor } from '#testing';
import { loadCredentials, startWeb } from '#web';

/** From the set-up; where the distribution has none the pages are tested by their answers alone (web.test.ts). */
const CHROMIUM = process.env.BEEPRO_CHROMIUM;

describe.skipIf(CHROMIUM === undefined)('the overview in a real browser', async () => {
  const { database, drop } = await createMigratedDatabase();
  const testRedis = await createTestRedis();
  const folder = await createTestFolder();
  const bus = await QueueBus.open({
    url: process.env.BEEPRO_REDIS_URL ?? '',
    prefix: testRedis.prefix,
    name: 'browser',
  });
  const credentials = loadCredentials(folder.path, {});
  let browser: Browser;
  let page: Page;
  let base: string;
  const complaints: string[] = [];

  beforeAll(async () => {
    const server = await startWeb(
      { host: '127.0.0.1', port: 0 },
      {
        database,
        bus,
        credentials,
        logger: pino({ level: 'silent' }),
        settings: new SettingTable([], () => undefined),
        isBoardWriteAllowed: () => false,
        silentMs: () => 60_000,
      },
    );
    const address = server.addresses()[0];
    if (typeof address !== 'object') throw new Error('the page does not listen');
    base = `http://127.0.0.1:${address.port}`;
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    return async () => {
      await browser.close();
      await server.close();
    };
  });

  afterAll(async () => {
    await bus.close();
    await testRedis.drop();
    await drop();
  });

  test('a stranger is asked for the password, and a wrong one is told so', async () => {
    await page.goto(`${base}/`);
    await page.getByLabel('Password').fill('wrong');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('That is not the password.').waitFor();
    expect(complaints.splice(0)).toEqual([expect.stringContaining('401')]);
  });

  test('with the right one an empty installation says what to do', async () => {
    const { readFileSync } = await import('node:fs');
    await page.getByLabel('Password').fill(readFileSync(credentials.passwordFile ?? '', 'utf8').trim());
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('No sector yet.').waitFor();
    await page.getByText('No worker yet.').waitFor();
    await look('empty');
  });

  test('one sector and one worker show within a refresh, and a reason with markup stays text', async () => {
    const db = database.kysely;
    await sql`INSERT INTO miner (id, network, sector_size, owner, worker) VALUES (1000, '2k', '2KiB', 't0100', 't0101')`.execute(
      db,
    );
    await insertSectors(0, 1, 'Parked', '<b>bold</b> & reason');
    await insertWorkers(1);
    await page.getByText('<b>bold</b> & reason').waitFor();
    await page.getByText('PC1').first().waitFor();
    await look('one');
  });

  test('100,000 sectors and 300 workers show', async () => {
    for (let from = 1; from < 100_000; from += 20_000) {
      await insertSectors(
        from,
        Math.min(20_000, 100_000 - from),
        from < 60_000 ? 'Proving' : 'PreCommit1',
        null,
      );
    }
    await insertWorkers(300);
    await page.getByText('100,000 sectors').waitFor();
    await page.getByRole('heading', { name: 'host-0', exact: true }).waitFor();
    // The page may have looked while the workers were still being inserted: it shows the first 200 with a later look.
    await waitFor(async () => (await page.locator('article.worker').count()) === 200, {
      deadlineMs: 20_000,
      what: '200 workers on the page',
    });
    await page.getByText('The busiest 200 of 300').waitFor();
    const isWide = await page.evaluate(
      'document.documentElement.scrollWidth > document.documentElement.clientWidth',
    );
    expect(isWide).toBe(false);
    await look('many');
  });

  test('Bull Board opens from the page', async () => {
    await page.getByRole('link', { name: 'Queues', exact: true }).click();
    await page.getByText('add-piece').first().waitFor();
    await page.getByText('unseal').nth(1).waitFor();
    await look('board');
    // Bull Board asks for a font from elsewhere, which the content policy refuses.
    expect(complaints.filter((text) => !text.includes('fonts'))).toEqual([]);
  });

  /** A picture for people's eyes, where a folder for them is named. */
  async function look(name: string): Promise<void> {
    const dir = process.env.BEEPRO_SCREENSHOTS;
    if (!dir) return;
    mkdirSync(dir, { recursive: true });
    await page.screenshot({ path: join(dir, `${name}.png`), fullPage: name !== 'many' });
  }

  async function insertSectors(
    from: number,
    count: number,
    state: string,
    reason: string | null,
  ): Promise<void> {
    const rows = Array.from({ length: count }, (_, i) => ({
      miner: 1000,
      number: from + i,
      state: state as 'Proving',
      state_at: new Date(Date.now() - ((from + i) % 80) * 900_000),
      kind: 'cc' as const,
      seal_proof: 5,
      worker: `host-${(from + i) % 300}`,
      recoveries: '{}',
      parked_from: reason === null ? null : ('PreCommit2' as const),
      parked_code: reason === null ? null : 'SEALER_CRASHED',
      parked_reason: reason,
    }));
    for (let i = 0; i < rows.length; i += 2_000) {
      await database.kysely
        .insertInto('sector')
        .values(rows.slice(i, i + 2_000))
        .execute();
    }
  }

  async function insertWorkers(count: number): Promise<void> {
    for (let i = 0; i < count; i += 1) {
      const name = `host-${i}`;
      await sql`INSERT IGNORE INTO worker (name, class, boot_id, host_epoch, pid, version, capabilities, heartbeat_at)
                VALUES (${name}, 'big', 'b', 1, 1, '0', '{}', NOW(3) - INTERVAL ${sql.lit(i % 7 === 6 ? 90 : 0)} SECOND)`.execute(
        database.kysely,
      );
      await sql`INSERT IGNORE INTO phase_run (miner, number, phase, attempt, status, worker, input, runnable_at, claimed_at, progress)
                VALUES (1000, ${i}, 'precommit1', 1, 'running', ${name}, '{}', NOW(3), NOW(3), ${JSON.stringify({ fraction: (i % 10) / 10 })})`.execute(
        database.kysely,
      );
    }
  }
});

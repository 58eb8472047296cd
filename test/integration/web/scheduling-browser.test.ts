import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSettings } from '#config';
import { sealProof } from '#core';
import { insertSector, saveMiner, savePledgeDecision, transaction } from '#db';
import { QueueBus } from '#queues';
import { startRun } from '#sector';
import { createMigratedDatabase, createTestFolder, createTestRedis, insertReportedWorkers } from '#testing';
import { loadCredentials, startWeb } from '#web';

/** Where there is none the page is tested by its answers alone. */
const CHROMIUM = process.env.BEEPRO_CHROMIUM;

const PASSWORD = 'correct horse battery';

const store = await createMigratedDatabase();
const { database } = store;
const testRedis = await createTestRedis();
const folder = await createTestFolder();
let base: string;
let cookie: string;

beforeAll(async () => {
  const bus = await QueueBus.open({
    url: process.env.BEEPRO_REDIS_URL ?? '',
    prefix: testRedis.prefix,
    name: 'scheduling',
  });
  const settings = await openSettings({ database, pollMs: 200 });
  const path = join(folder.path, 'password');
  writeFileSync(path, `${PASSWORD}\n`);
  const server = await startWeb(
    { host: '127.0.0.1', port: 0 },
    {
      ...{ database, bus, settings },
      credentials: loadCredentials(folder.path, { BEEPRO_WEB_PASSWORD_FILE: path }),
      logger: pino({ level: 'silent' }),
      isBoardWriteAllowed: () => false,
      silentMs: () => 60_000,
    },
  );
  base = server.listeningOrigin;
  const login = await fetch(`${base}/login`, {
    method: 'POST',
    body: `password=${encodeURIComponent(PASSWORD)}`,
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  cookie = (login.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
  return async () => {
    await server.close();
    await settings.close();
    await bus.close();
  };
});

afterAll(async () => {
  await testRedis.drop();
  await store.drop();
  await folder.remove();
});

const get = (path: string, headers: Record<string, string> = { cookie }): Promise<Response> =>
  fetch(base + path, { headers, redirect: 'manual' });

/** A sector whose AddPiece waits for any worker, or whose PC1 waits for one. */
async function waitingSector(number: number, worker: string | null): Promise<void> {
  await transaction(database, async (trx) => {
    const id = { miner: 1000, number };
    const seal_proof = sealProof('2KiB', 'interactive').id;
    await insertSector(trx, {
      ...{ ...id, kind: 'cc', seal_proof, worker },
      state: worker === null ? 'AddPiece' : 'PreCommit1',
    });
    await startRun(trx, id, worker, { phase: worker === null ? 'add-piece' : 'precommit1', delayMs: 0 });
  });
}

/** What the sealing role leaves of a decision. */
async function decided(pledged: number, reason: string): Promise<void> {
  await savePledgeDecision(database.kysely, {
    ...{ miner: 1000, pledged, reason },
    facts: {
      ...{ inFlight: 37, parked: 2, ceiling: 60, unbegun: 4, wanted: 9, hosts: 12 },
      ...{ sectorCost: '165000000000000000', available: '12000000000000000000', wallet: 't1abc' },
      ...{ walletBalance: '88000000000000000000', owed: '5000000000000000000' },
      ...{ free: '95000000000000000000', floor: '20000000000000000000' },
    },
  });
}

async function set(name: string, value: string): Promise<void> {
  await database.kysely
    .insertInto('setting')
    .values({ name, scope: '*', value })
    .onDuplicateKeyUpdate({ value })
    .execute();
}

describe('what the server answers', () => {
  test.each(['/scheduling', '/api/scheduling', '/api/why?sector=t01000/1'])(
    '%s tells nothing to a stranger',
    async (path) => {
      expect((await get(path, {})).status).toBe(401);
    },
  );

  test('a sector that cannot be, or is not, is refused with a sentence', async () => {
    const bad = await get('/api/why?sector=nonsense');
    expect([bad.status, await bad.json()]).toEqual([400, { error: expect.stringContaining('t01000/12') }]);
    expect((await get('/api/why')).status).toBe(400);
    expect((await get('/api/why?sector=t01000/77')).status).toBe(404);
  });

  test('a limit that is none is the default one', async () => {
    for (const limit of ['x', '-1', '0', '1e99', ''])
      expect((await get(`/api/scheduling?limit=${limit}`)).status).toBe(200);
  });
});

describe.skipIf(CHROMIUM === undefined)('the page in a real browser', () => {
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath: CHROMIUM ?? '', args: ['--no-sandbox'] });
    page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    const [name = '', value = ''] = cookie.split('=');
    await page.context().addCookies([{ name, value, url: base }]);
    return () => browser.close();
  });

  test('an empty installation says what to do', async () => {
    await page.goto(`${base}/`);
    await page.getByRole('link', { name: 'Scheduling' }).click();
    await page.getByText('No miner yet.').waitFor();
    await page.getByText('No worker yet.').waitFor();
    await page.getByText('No job waits in a queue.').waitFor();
    await look('scheduling-0');
  });

  test('one worker: its slots, its bars, automatic pledging with its reason, and why a sector waits', async () => {
    await saveMiner(database.kysely, {
      ...{ id: 1000, network: '2k', sector_size: '2KiB', owner: 't0100', worker: 't0101' },
    });
    await set('pledge.auto', 'true');
    await set('pledge.max_in_flight', '60');
    await decided(5, '9 could begin now, <b>4</b> wait to be begun');
    await insertReportedWorkers(database, 1);
    await waitingSector(1, null);
    await waitingSector(2, 'host-0');
    await page.getByRole('heading', { name: 'host-0', exact: true }).waitFor();
    // A reason with markup stays text.
    await page.getByText('<b>4</b> wait to be begun').waitFor();
    await page.getByText('37 of 60, 2 parked').waitFor();
    await page.getByText('95 FIL of 100 FIL').waitFor();
    expect(await page.locator('.slot').allTextContents()).toEqual(['PC2', 'idle']);
    await page.getByText('idle: no PC2 or C2 waits').waitFor();
    expect(await page.locator('.idle-slot').getAttribute('title')).toBe('idle: no PC2 or C2 waits');
    await page.getByText('1 of 14').waitFor();
    await page.getByText('would begin 2 new sectors').waitFor();

    await page.getByLabel('Sector', { exact: true }).fill('t01000/2');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByText('PC1 has been in the queue of host-0').waitFor();
    await page.getByRole('cell', { name: 'it would take it now' }).waitFor();
    await page
      .getByRole('row', { name: /t01000\/1 / })
      .getByRole('button', { name: 'why' })
      .click();
    await page.getByText('AP has been in the queue of all workers').waitFor();
    await look('scheduling-1');
    await page.getByLabel('Sector', { exact: true }).fill('nonsense');
    await page.getByRole('button', { name: 'Ask' }).click();
    await page.getByText('write a sector as MINER/NUMBER').waitFor();
    expect(complaints.splice(0).filter((text) => !text.includes('400'))).toEqual([]);
  });

  test('two thousand workers show at once, and nothing overflows, on wide and narrow screens', async () => {
    await insertReportedWorkers(database, 2_000);
    await decided(0, 'the next sector costs 0.165 FIL, and 0 FIL are left above the floor of 20 FIL');
    await page.reload();
    await page.getByText('40 of 2,000, those with trouble first').waitFor();
    expect(await page.locator('#hosts article.worker').count()).toBe(40);
    expect(await isTooWide()).toBe(false);
    await look('scheduling-2000');
    await page.getByLabel('Find').fill('host-1999');
    await page.getByRole('heading', { name: 'host-1999', exact: true }).waitFor();
    await page.getByText('It has not said yet what it runs.').waitFor();
    await page.getByLabel('Find').fill('nobody');
    await page.getByText('No worker has this in its name').waitFor();
    await page.getByLabel('Find').fill('host-4');
    await page.getByText('out of service: Xid 79: it has fallen off the bus').first().waitFor();
    await page
      .getByRole('row', { name: /t01000\/1 / })
      .getByRole('button', { name: 'why' })
      .click();
    await page.getByText(/^2,000 workers: /).waitFor();
    await look('scheduling-find');
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await isTooWide()).toBe(false);
    await look('scheduling-narrow');
    expect(complaints).toEqual([]);
  });

  function isTooWide(): Promise<unknown> {
    return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
  }

  /** A picture for people's eyes, where a folder for them is named. */
  async function look(name: string): Promise<void> {
    const dir = process.env.BEEPRO_SCREENSHOTS;
    if (!dir) return;
    mkdirSync(dir, { recursive: true });
    await page.screenshot({ path: join(dir, `${name}.png`), fullPage: !/2000|narrow/.test(name) });
  }
});

test('the page’s scripts come from the server alone', () => {
  const text = readFileSync(new URL('../../../src/web/assets/scheduling.js', import.meta.url), 'utf8');
  expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|https?:/);
});

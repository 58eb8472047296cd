import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSettings, type Settings } from '#config';
import { type NewChainNode, recordChainIdentity, saveChainNodes } from '#db';
import { QueueBus } from '#queues';
import { createMigratedDatabase, createTestFolder, createTestRedis } from '#testing';
import { loadCredentials, startWeb } from '#web';

/** Where there is none the page is tested by its answers alone. */
const CHROMIUM = process.env.BEEPRO_CHROMIUM;
const PASSWORD = 'correct horse battery';

const resources = new AsyncDisposableStack();
const { database } = resources.use(await createMigratedDatabase());
let settings: Settings;
let base: string;
let cookie: string;

beforeAll(async () => {
  const redis = createTestRedis();
  resources.defer(() => redis.drop());
  const folder = await createTestFolder();
  resources.defer(() => folder.remove());
  const bus = resources.adopt(
    await QueueBus.open({ url: process.env.BEEPRO_REDIS_URL ?? '', prefix: redis.prefix, name: 'chain' }),
    (opened) => opened.close(),
  );
  settings = resources.use(await openSettings({ database, pollMs: 200 }));
  const path = join(folder.path, 'password');
  writeFileSync(path, `${PASSWORD}\n`);
  const server = resources.adopt(
    await startWeb(
      { host: '127.0.0.1', port: 0 },
      {
        ...{ database, bus, settings },
        credentials: loadCredentials(folder.path, { BEEPRO_WEB_PASSWORD_FILE: path }),
        logger: pino({ level: 'silent' }),
        isBoardWriteAllowed: () => false,
        silentMs: () => 60_000,
      },
    ),
    (opened) => opened.close(),
  );
  base = server.listeningOrigin;
  const login = await fetch(`${base}/login`, {
    method: 'POST',
    body: `password=${encodeURIComponent(PASSWORD)}`,
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  cookie = (login.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
});
afterAll(() => resources.disposeAsync());

const get = (path: string, headers: Record<string, string> = { cookie }): Promise<Response> =>
  fetch(base + path, { headers, redirect: 'manual' });
const urlOf = (i: number) => `http://10.0.0.${i}:1234/rpc/v1`;

/** What the coordinator leaves of a node that is well, but for what is told. */
function row(i: number, over: Partial<NewChainNode> = {}): NewChainNode {
  const recent = Array.from({ length: 60 }, (_, at) => {
    const wave = Math.abs(Math.sin(at / 5 + i));
    return [at % 17 === 0 ? 1 : 0, 20 + 60 * wave, 0.002 * wave] as const;
  });
  return {
    ...{ url: urlOf(i), node: `10.0.0.${i}:1234`, position: i, state: 'ready', reason: '', error_code: null },
    ...{ network_name: 'mainnet', network_version: 28, height: 5_500_000, lag: 0, latency_ms: 42.5 },
    ...{ error_rate: 0.002, calls: 123_456, errors: 7, recent },
    ...over,
  };
}

async function coordinatorSees(rows: readonly NewChainNode[]): Promise<void> {
  await saveChainNodes(database.kysely, rows);
  const value = rows.map(({ url }) => `${url} token=file:/etc/beepro/secret-place`).join(', ');
  await database.kysely
    .insertInto('setting')
    .values({ name: 'chain.nodes', scope: '*', value })
    .onDuplicateKeyUpdate({ value })
    .execute();
  await settings.refresh();
}

describe('what the server answers', () => {
  test.each(['/chain', '/api/chain'])('%s tells nothing to a stranger', async (path) => {
    expect((await get(path, {})).status).toBe(401);
  });

  test('a node that nobody has looked at is there, and no reference to a token', async () => {
    await coordinatorSees([row(1)]);
    await database.kysely.deleteFrom('chain_node').execute();
    const text = await (await get('/api/chain')).text();
    expect(JSON.parse(text)).toMatchObject({
      chain: null,
      nodes: [{ node: '10.0.0.1:1234', state: 'unseen' }],
    });
    expect(text).not.toContain('secret-place');
    await coordinatorSees([]);
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

  test('without a node it says what to do', async () => {
    await page.goto(`${base}/`);
    await page.getByRole('link', { name: 'Chain' }).click();
    await page.getByText('No node yet. Add one with: beepro chain add').waitFor();
    await look('chain-0');
  });

  test('one node: its head, its curves, and which chain it is', async () => {
    await recordChainIdentity(database.kysely, {
      ...{ network_name: 'mainnet', genesis_cid: 'bafyGenesis', network_version: 28 },
    });
    await coordinatorSees([row(1)]);
    await page.getByText('1 of 1 node in rotation').waitFor();
    await page.getByText('belongs to mainnet, network version 28').waitFor();
    await page.getByText('head 5,500,000').waitFor();
    await page.getByRole('img', { name: /^latency at the last 60 looks, now 43 ms$/ }).waitFor();
    await page.getByRole('img', { name: /^lag .* limit 5$/ }).waitFor();
    await look('chain-1');
  });

  test('ten nodes: what is wrong with each is there in words, alarms above all, on wide and narrow screens', async () => {
    const sick = (over: Partial<NewChainNode>) => over;
    const none = Array.from({ length: 60 }, (_, at) =>
      at < 40 ? ([0, 30, 0] as const) : ([null, 30, 0.8] as const),
    );
    await coordinatorSees([
      row(0),
      row(
        1,
        sick({
          state: 'out',
          error_code: 'CHAIN_TIMED_OUT',
          reason: 'The node did not answer ChainHead within 5000 ms',
          recent: none,
          lag: null,
          error_rate: 0.8,
        }),
      ),
      row(
        2,
        sick({
          state: 'lagging',
          error_code: 'CHAIN_NODE_OUT',
          reason: '12 epochs behind; it says: <b>syncing</b>, at 10 of 22',
          lag: 12,
          recent: none.map(([, ms, share], at) => [Math.floor(at / 5), ms, share] as const),
        }),
      ),
      row(
        3,
        sick({
          state: 'foreign',
          error_code: 'CHAIN_NODE_FOREIGN',
          reason: 'its network is "calibrationnet", not "mainnet"',
        }),
      ),
      row(
        4,
        sick({
          state: 'unknown',
          reason: 'it has not been looked at lately',
          height: null,
          latency_ms: null,
          recent: [],
        }),
      ),
      row(
        5,
        sick({
          state: 'ready',
          error_code: 'CHAIN_CLOCK_DISAGREES',
          reason: '120 epochs behind this machine’s clock, like every node',
        }),
      ),
      ...[6, 7, 8, 9].map((i) => row(i, { latency_ms: i * 400 })),
    ]);
    await page.getByText('6 of 10 nodes in rotation').waitFor();
    await page.getByText('10.0.0.3:1234 serves another chain and is refused').waitFor();
    await page.getByText('Every node disagrees with the coordinator’s clock').waitFor();
    // A node's words stay text.
    await page.getByText('<b>syncing</b>').waitFor();
    expect(await page.locator('article.worker').count()).toBe(10);
    expect(await page.locator('article.silent').count()).toBe(3);
    expect(await isTooWide()).toBe(false);
    await look('chain-10');
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await isTooWide()).toBe(false);
    await look('chain-narrow');
    await page.setViewportSize({ width: 1400, height: 900 });
  });

  test('when the coordinator is silent, that is said', async () => {
    await coordinatorSees([row(1)]);
    await database.kysely
      .updateTable('chain_node')
      .set({ seen_at: new Date(Date.now() - 86_400_000) })
      .execute();
    await page.getByText('does the sealing role run?').waitFor();
    await page.getByText('No node can be asked').waitFor();
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
    await page.screenshot({ path: join(dir, `${name}.png`), fullPage: !/narrow/.test(name) });
  }
});

test('the page’s script comes from the server alone', () => {
  const text = readFileSync(new URL('../../../src/web/assets/chain.js', import.meta.url), 'utf8');
  expect(text).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|fetch\(/);
});

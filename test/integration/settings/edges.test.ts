import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { openSettings } from '#config';
import { createLogger } from '#log';
import { QueueBus } from '#queues';
import { createMigratedDatabase, createTestFolder, createTestRedis } from '#testing';
import { loadCredentials, startWeb } from '#web';
import { CHAIN_POOL } from './observations/chain-pool.ts';
import { EDGES, type EdgesBench } from './observations/edges.ts';
import { observeEach } from './support/observation.ts';

const PASSWORD = 'correct horse battery';
const resources = new AsyncDisposableStack();
let bench: EdgesBench;

beforeAll(async () => {
  const folder = await createTestFolder();
  resources.defer(() => folder.remove());
  const { database } = resources.use(await createMigratedDatabase());
  const redis = createTestRedis();
  resources.defer(() => redis.drop());
  const bus = resources.adopt(
    await QueueBus.open({ url: process.env.BEEPRO_REDIS_URL ?? '', prefix: redis.prefix, name: 'test' }),
    (opened) => opened.close(),
  );
  const settings = resources.use(await openSettings({ database, pollMs: 150 }));
  const passwordFile = join(folder.path, 'password');
  writeFileSync(passwordFile, `${PASSWORD}\n`);
  const server = resources.adopt(
    await startWeb(
      { host: '127.0.0.1', port: 0 },
      {
        database,
        bus,
        credentials: loadCredentials(folder.path, { BEEPRO_WEB_PASSWORD_FILE: passwordFile }),
        logger: createLogger({ role: 'test', level: 'silent', pretty: false }),
        settings,
        isBoardWriteAllowed: () => settings.get('web.bull_board_write'),
        silentMs: () => settings.get('worker.heartbeat_expiry'),
      },
    ),
    (opened) => opened.close(),
  );
  const base = server.listeningOrigin;
  const login = await fetch(`${base}/login`, {
    method: 'POST',
    body: `password=${encodeURIComponent(PASSWORD)}`,
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });
  const cookie = (login.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
  bench = {
    database,
    settings,
    folder: folder.path,
    pauseQueue: async () => {
      const path = `${base}/queues/api/queues/add-piece/pause`;
      return (await fetch(path, { method: 'PUT', headers: { cookie } })).status;
    },
  };
});
afterAll(() => resources.disposeAsync());

describe('changed by plain SQL, in force on what runs:', () => {
  observeEach(() => bench, EDGES);
  observeEach(() => bench, CHAIN_POOL);
});

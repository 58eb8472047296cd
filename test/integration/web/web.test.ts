import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SettingTable } from '#config';
import { type Database, migrate, openDatabase } from '#db';
import { publishJob, QueueBus } from '#queues';
import { createTestDatabase, createTestFolder, createTestRedis } from '#testing';
import { loadCredentials, METRICS, startWeb } from '#web';

const PASSWORD = 'correct horse battery';
const testDatabase = await createTestDatabase();
const testRedis = await createTestRedis();
const folder = await createTestFolder();
let database: Database;
let bus: QueueBus;
let server: FastifyInstance;
let base: string;
let cookie: string;
let writeAllowed = false;

beforeAll(async () => {
  const passwordFile = process.env.BEEPRO_MYSQL_PASSWORD_FILE;
  database = openDatabase({ url: testDatabase.url, ...(passwordFile ? { passwordFile } : {}) });
  await migrate(database);
  bus = await QueueBus.open({
    url: process.env.BEEPRO_REDIS_URL ?? '',
    prefix: testRedis.prefix,
    name: 'web-test',
  });
  const path = join(folder.path, 'password');
  writeFileSync(path, `${PASSWORD}\n`);
  const credentials = loadCredentials(folder.path, { BEEPRO_WEB_PASSWORD_FILE: path });
  const logger = pino({ level: 'silent' });
  const isBoardWriteAllowed = (): boolean => writeAllowed;
  server = await startWeb(
    { host: '127.0.0.1', port: 0 },
    {
      ...{ database, bus, credentials, logger, isBoardWriteAllowed },
      ...{ settings: new SettingTable([], () => undefined), silentMs: () => 60_000 },
    },
  );
  const address = server.addresses()[0];
  if (typeof address !== 'object') throw new Error('the page does not listen');
  base = `http://127.0.0.1:${address.port}`;
  const login = await post('/login', `password=${encodeURIComponent(PASSWORD)}`);
  expect(login.status).toBe(303);
  cookie = (login.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
});

afterAll(async () => {
  await server?.close();
  await bus?.close();
  await database?.close();
  await testRedis.drop();
  await testDatabase.drop();
  await folder.remove();
});

function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(base + path, { headers, redirect: 'manual' });
}

function post(path: string, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(base + path, {
    method: 'POST',
    body,
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
  });
}

describe('the login', () => {
  test.each(['/api/overview', '/metrics', '/queues/api/queues', '/queues-of/x', '/nothing'])(
    '%s tells nothing to a stranger',
    async (path) => {
      expect((await get(path)).status).toBe(401);
      const page = await get(path, { accept: 'text/html' });
      expect([page.status, page.headers.get('location')]).toEqual([302, '/login']);
    },
  );

  test('liveness is open and says no more than that', async () => {
    const answer = await get('/healthz');
    expect([answer.status, await answer.json()]).toEqual([200, { ok: true }]);
  });

  test.each(['', 'x.y', `${Date.now() + 1e9}.forged`, `${Date.now() + 1e9}.${'A'.repeat(43)}`])(
    'a session %j is refused',
    async (session) => {
      expect((await get('/api/overview', { cookie: `beepro_session=${session}` })).status).toBe(401);
    },
  );

  test('a request from another origin changes nothing', async () => {
    const answer = await post('/logout', '', { cookie, origin: 'http://elsewhere.example' });
    expect(answer.status).toBe(403);
  });

  test('the cookie is out of reach of scripts and of other sites', async () => {
    const answer = await post('/login', `password=${encodeURIComponent(PASSWORD)}`);
    expect(answer.headers.get('set-cookie')).toMatch(/HttpOnly/);
    expect(answer.headers.get('set-cookie')).toMatch(/SameSite=Strict/);
  });

  test('a generated password is readable by its owner alone, and stays the same', () => {
    const first = loadCredentials(join(folder.path, 'state'), {});
    const path = first.passwordFile ?? '';
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const password = readFileSync(path, 'utf8').trim();
    expect(loadCredentials(join(folder.path, 'state'), {}).matches(password)).toBe(true);
    expect(first.matches(`${password}x`)).toBe(false);
  });
});

describe('the pages', () => {
  test('an empty database shows as such', async () => {
    const overview = (await (await get('/api/overview', { cookie })).json()) as Record<string, unknown>;
    expect(overview).toMatchObject({ total: 0, workers: [], parked: [], miners: [] });
  });

  test('the overview page loads its script and carries a content policy', async () => {
    const page = await get('/', { cookie });
    expect(await page.text()).toContain('/assets/overview.js');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect((await get('/assets/overview.js', { cookie })).headers.get('content-type')).toContain(
      'javascript',
    );
  });

  test('sectors, workers, runs and parked sectors show as they stand', async () => {
    await seed(3);
    const overview = (await (await get('/api/overview', { cookie })).json()) as {
      total: number;
      states: { state: string; sectors: number }[];
      workers: { name: string; sectors: number; runs: { sector: string; fraction: number }[] }[];
      parked: { sector: string; code: string }[];
    };
    expect(overview.total).toBe(3);
    expect(overview.states.find((s) => s.state === 'PreCommit1')?.sectors).toBe(2);
    expect(overview.workers).toMatchObject([
      {
        name: 'host-a',
        sectors: 2,
        silent: false,
        runs: [{ sector: 's-t01000-0', phase: 'precommit1', fraction: 0.5 }],
      },
    ]);
    expect(overview.parked).toMatchObject([
      { sector: 's-t01000-2', from: 'PreCommit2', code: 'SEALER_CRASHED' },
    ]);
  });

  test('the metrics are those that are declared, and agree with the database', async () => {
    const basic = Buffer.from(`prometheus:${PASSWORD}`).toString('base64');
    const answer = await get('/metrics', { authorization: `Basic ${basic}` });
    const text = await answer.text();
    for (const metric of Object.values(METRICS))
      expect(text).toContain(`# HELP ${metric.name} ${metric.help}`);
    expect(text).toContain('beepro_sectors{miner="t01000",state="PreCommit1"} 2');
    expect(text).toContain('beepro_phase_runs{phase="precommit1",status="running"} 1');
    const wrong = Buffer.from('prometheus:wrong').toString('base64');
    expect((await get('/metrics', { authorization: `Basic ${wrong}` })).status).toBe(401);
  });
});

describe('Bull Board', () => {
  test('shows the queues of the fleet and of each worker', async () => {
    const answer = await get('/queues/api/queues', { cookie });
    const { queues } = (await answer.json()) as { queues: { name: string; readOnlyMode: boolean }[] };
    const names = queues.map((queue) => queue.name);
    expect(names).toContain('add-piece');
    expect(queues.every((queue) => queue.readOnlyMode)).toBe(true);
    const demanded = await get('/queues-of/host-a', { cookie });
    expect(demanded.headers.get('location')).toBe('/queues/queue/precommit1%40host-a');
    const after = (await (await get('/queues/api/queues', { cookie })).json()) as {
      queues: { name: string }[];
    };
    expect(after.queues.map((queue) => queue.name)).toContain('precommit1@host-a');
    expect((await get('/queues-of/nobody', { cookie })).status).toBe(404);
  });

  test('is read-only until the setting allows writing', async () => {
    await publishJob(bus, { queue: 'add-piece', jobId: 'add-piece-s-t01000-9-a1', runId: 9, priority: 5 });
    const path = '/queues/api/queues/add-piece/add-piece-s-t01000-9-a1/promote';
    const refused = await fetch(base + path, { method: 'PUT', headers: { cookie } });
    expect(refused.status).toBe(405);
    writeAllowed = true;
    const cleaned = await fetch(`${base}/queues/api/queues/add-piece/pause`, {
      method: 'PUT',
      headers: { cookie },
    });
    expect(cleaned.status).toBe(200);
    expect(await bus.queue('add-piece').isPaused()).toBe(true);
    await bus.queue('add-piece').resume();
    writeAllowed = false;
  });
});

test('guessing passwords is slowed down', async () => {
  // A success forgets the failures of earlier tests.
  expect((await post('/login', `password=${encodeURIComponent(PASSWORD)}`)).status).toBe(303);
  for (let i = 0; i < 5; i += 1) expect((await post('/login', 'password=wrong')).status).toBe(401);
  expect((await post('/login', 'password=wrong')).status).toBe(429);
});

/** A miner with sectors: all in PreCommit1 on host-a, the last one parked. */
async function seed(sectors: number): Promise<void> {
  const db = database.kysely;
  await sql`INSERT INTO miner (id, network, sector_size, owner, worker) VALUES (1000, '2k', '2KiB', 't0100', 't0101')`.execute(
    db,
  );
  await sql`INSERT INTO worker (name, class, boot_id, host_epoch, pid, version, capabilities, heartbeat_at)
            VALUES ('host-a', 'big', 'b', 1, 1, '0', '{}', NOW(3))`.execute(db);
  for (let number = 0; number < sectors; number += 1) {
    const parked = number === sectors - 1;
    await sql`INSERT INTO sector (miner, number, state, state_at, kind, seal_proof, worker, recoveries,
                                  parked_from, parked_code, parked_reason)
              VALUES (1000, ${number}, ${parked ? 'Parked' : 'PreCommit1'}, NOW(3), 'cc', 5, ${parked ? null : 'host-a'}, '{}',
                      ${parked ? 'PreCommit2' : null}, ${parked ? 'SEALER_CRASHED' : null}, ${parked ? 'it crashed' : null})`.execute(
      db,
    );
  }
  await sql`INSERT INTO phase_run (miner, number, phase, attempt, status, worker, input, runnable_at, claimed_at, progress)
            VALUES (1000, 0, 'precommit1', 1, 'running', 'host-a', '{}', NOW(3), NOW(3), '{"fraction":0.5}')`.execute(
    db,
  );
}

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { createLotusClient } from '#chain';
import { createTestDatabase, createTestFolder, type TestDatabase, type TestFolder, waitFor } from '#testing';
import { Cli } from './support/cli.ts';

let database: TestDatabase;
let folder: TestFolder;
let cli: Cli;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await createTestFolder();
  cli = new Cli({
    BEEPRO_MYSQL_URL: database.url,
    BEEPRO_MYSQL_PASSWORD_FILE: process.env.BEEPRO_MYSQL_PASSWORD_FILE,
    BEEPRO_REDIS_URL: process.env.BEEPRO_REDIS_URL,
    BEEPRO_REDIS_PASSWORD_FILE: process.env.BEEPRO_REDIS_PASSWORD_FILE,
    BEEPRO_STATE_DIR: folder.path,
  });
});

afterAll(async () => {
  await database.drop();
  await folder.remove();
});

test('run ui migrates an empty database, says where it is, and stops when it is asked to', async () => {
  const addressFile = join(folder.path, 'address');
  const ui = await cli.start('run', 'ui', '--listen', '127.0.0.1:0', '--address-file', addressFile);
  const url = (await readFile(addressFile, 'utf8')).trim();
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  // Nothing but that without a login.
  expect((await fetch(`${url}/metrics`, { redirect: 'manual' })).status).not.toBe(200);

  const port = new URL(url).port;
  const taken = await cli.spawn('run', 'ui', '--listen', `127.0.0.1:${port}`);
  expect(taken).toMatchObject({ code: 1, stderr: expect.stringContaining('WEB_LISTEN_FAILED') });

  const { code, stdout } = await ui.stop();
  expect(code).toBe(0);
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toContainEqual(
    expect.objectContaining({ event: 'web.listening', url, passwordFile: join(folder.path, 'web-password') }),
  );
  expect((await cli.spawn('db', 'status')).stdout).not.toContain('pending');
});

test('run sealing starts without a node, writes its log to a file, and stops at once', async () => {
  const logFile = join(folder.path, 'logs', 'sealing.log');
  const sealing = await cli.start('run', 'sealing', '--log-file', logFile);
  const { code, stdout } = await sealing.stop('SIGINT');
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  expect(await readFile(logFile, 'utf8')).toContain('"event":"role.stopped"');
});

test('run worker needs a sealer', async () => {
  const { code, stderr } = await cli.spawn('run', 'worker', '--name', 'host-a');
  expect(code).toBe(1);
  expect(stderr).toContain('SEALER_NOT_INSTALLED');
});

test.each([
  ['MySQL', { BEEPRO_MYSQL_URL: 'mysql://beepro@127.0.0.1:9/beepro' }, 'DB_UNREACHABLE'],
  ['Redis', { BEEPRO_REDIS_URL: 'redis://127.0.0.1:9' }, 'REDIS_UNREACHABLE'],
])(
  'a role that is started while %s is away waits for it, and stops when it is asked to',
  async (_what, env, code) => {
    const role = cli.with(env).launch('run', 'sealing');
    onTestFinished(() => void role.stop('SIGKILL'));
    await waitFor(() => role.output().includes('role.waiting') && role.output().includes(code), {
      deadlineMs: 40_000,
    });
    const { code: exit, stdout } = await role.stop();
    expect(exit).toBe(0);
    expect(stdout).not.toContain('role.started');
  },
  120_000,
);

test('a role with a wrong password ends at once, and says so', async () => {
  const wrong = cli.with({ BEEPRO_MYSQL_PASSWORD_FILE: undefined });
  const { code, stderr } = await wrong.spawn('run', 'sealing');
  expect(code).not.toBe(0);
  expect(stderr).toContain('DB_ACCESS_DENIED');
});

test('devnet serves a chain whose address and token stand in its folder', async () => {
  const state = join(folder.path, 'chain');
  expect(await cli.spawn('devnet', '--state', state)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('DEVNET_NO_SEALER'),
  });
  // The sealer is started by the first proof, and there is none.
  const chain = cli.with({ BEEPRO_SEALER_BIN: process.execPath });
  const short = ['--proving-period', '60', '--deadlines', '6'];
  const start = ['devnet', '--state', state, '--block-time', '100ms', '--test-network', ...short] as const;
  const devnet = await chain.start(...start);
  const url = (await readFile(join(state, 'api'), 'utf8')).trim();
  const lotus = createLotusClient({ url, token: () => readFile(join(state, 'token'), 'utf8') });
  expect(await lotus.stateNetworkName()).toBe('beepro-devnet-test');
  expect(await lotus.walletList()).not.toEqual([]);
  expect(await lotus.stateMinerProvingDeadline('t01000', [])).toMatchObject({
    wPoStProvingPeriod: 60,
    wPoStPeriodDeadlines: 6,
    wPoStChallengeLookback: 3,
    faultDeclarationCutoff: 12,
  });
  await lotus.close();
  expect((await devnet.stop()).code).toBe(0);
  const other = await chain.spawn('devnet', '--state', state, '--sector-size', '8MiB');
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('DEVNET_GENESIS_DIFFERS') });
  expect(existsSync(join(state, 'api'))).toBe(true);
});

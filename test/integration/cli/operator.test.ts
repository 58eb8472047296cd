import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, registerWorker } from '#db';
import { createMigratedDatabase, createTestFolder, type MigratedDatabase, type TestFolder } from '#testing';
import { Cli } from './support/cli.ts';

let store: MigratedDatabase;
let folder: TestFolder;
let database: Database;
let cli: Cli;

beforeAll(async () => {
  store = await createMigratedDatabase();
  database = store.database;
  folder = await createTestFolder();
  cli = new Cli({
    BEEPRO_MYSQL_URL: store.options.url,
    BEEPRO_MYSQL_PASSWORD_FILE: store.options.passwordFile,
    BEEPRO_REDIS_URL: process.env.BEEPRO_REDIS_URL,
    BEEPRO_REDIS_PASSWORD_FILE: process.env.BEEPRO_REDIS_PASSWORD_FILE,
    BEEPRO_STATE_DIR: folder.path,
    FIL_PROOFS_PARAMETER_CACHE: folder.path,
  });
});

afterAll(async () => {
  await store.drop();
  await folder.remove();
});

describe('settings', () => {
  const NAME = 'worker.limit.precommit1';

  test('set, got, listed, reset, and all of it in the history', async () => {
    await cli.json('setting', 'set', NAME, '4', '--scope', 'worker:host-a');
    expect(await cli.json('setting', 'set', NAME, '4', '--scope', 'worker:host-a')).toMatchObject({
      changed: false,
    });
    expect(await cli.json('setting', 'get', NAME, '--worker', 'host-a')).toMatchObject({
      value: '4',
      from: 'worker:host-a',
      default: '0',
    });
    expect(await cli.json('setting', 'get', NAME, '--worker', 'host-b')).toMatchObject({
      value: '0',
      from: 'default',
    });
    const { stdout } = await cli.run('setting', 'list', 'worker.limit.pre', '--changed');
    expect(stdout.split('\n').filter((line) => line.startsWith(NAME))).toHaveLength(1);
    expect(stdout).toContain('worker:host-a');
    expect(await cli.json('setting', 'reset', NAME, '--scope', 'worker:host-a')).toMatchObject({ was: '4' });
    const history = (await cli.json('setting', 'history', NAME)) as Record<string, unknown>[];
    expect(history.map((row) => [row.old_value, row.new_value])).toEqual([
      ['4', null],
      [null, '4'],
    ]);
    expect(history[0]?.who).toMatch(/^cli:/);
  });

  test('what plain SQL has put in wrong is shown with its reason, and the last good value counts', async () => {
    await cli.json('setting', 'set', NAME, '3');
    await database.kysely.updateTable('setting').set({ value: 'lots' }).where('name', '=', NAME).execute();
    await database.kysely.insertInto('setting').values({ name: 'no.such', scope: '*', value: '1' }).execute();
    const { stdout } = await cli.run('setting', 'list', '--changed');
    const line = (start: string) => stdout.split('\n').find((text) => text.startsWith(start));
    expect(line(NAME)).toMatch(/ 3 .*NO EFFECT: "lots" is no value/);
    expect(line('no.such')).toMatch(/NO EFFECT: There is no setting no\.such/);
    await database.kysely.deleteFrom('setting').execute();
  });

  test.each([
    [['set', 'worker.limit.precomit1', '4'], 3, 'SETTING_UNKNOWN'],
    [['set', NAME, 'many'], 2, 'SETTING_VALUE_INVALID'],
    [['set', NAME, '4', '--scope', 'miner:1000'], 2, 'SETTING_SCOPE_INVALID'],
    [['get', 'nothing'], 3, 'SETTING_UNKNOWN'],
    [['history', 'nothing'], 3, 'SETTING_UNKNOWN'],
    [['reset', 'nothing'], 3, 'SETTING_UNKNOWN'],
  ])('%j is refused', async (words, exit, code) => {
    expect(await cli.failure('setting', ...words)).toMatchObject({ exit, code });
  });
});

describe('workers', () => {
  test('none yet, one that nobody knows, and one with limits of several origins', async () => {
    expect((await cli.run('worker', 'list')).stdout).toContain('No worker yet');
    expect(await cli.failure('worker', 'show', 'host-a')).toMatchObject({ exit: 3, code: 'NOT_FOUND' });
    expect(await cli.json('worker', 'limit', 'host-a', 'commit1', '2')).toMatchObject({ isKnown: false });

    await registerWorker(database.kysely, {
      name: 'host-a',
      bootId: 'boot',
      hostEpoch: 1,
      pid: 1,
      version: '0.1.0',
      capabilities: { anything: 'else' },
    });
    await cli.json('worker', 'limit', '*', 'landing', '2');
    const shown = (await cli.json('worker', 'show', 'host-a')) as { limits: { phase: string }[] };
    expect(shown.limits).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ phase: 'commit1', limit: 2, from: 'worker:host-a', running: 0 }),
        expect.objectContaining({ phase: 'landing', limit: 2, from: '*', running: 0 }),
        expect.objectContaining({ phase: 'precommit1', limit: 0, from: 'default', running: 0 }),
      ]),
    );
    expect((await cli.run('worker', 'show', 'host-a')).stdout).toMatch(/^commit1 +2 +worker:host-a +0 /m);
    expect((await cli.run('worker', 'list')).stdout).toMatch(/^host-a .*active/m);
  });

  test('a name that cannot be one is refused', async () => {
    const failure = await cli.failure('worker', 'limit', 'bad name', 'commit1', '2');
    expect(failure).toMatchObject({ exit: 2, code: 'SETTING_SCOPE_INVALID' });
  });
});

test('storage paths: added, told apart by name, closed and opened', async () => {
  expect((await cli.run('storage', 'list')).stdout).toContain('beepro storage add');
  await cli.json('storage', 'add', folder.path, '--name', 'store');
  expect(await cli.failure('storage', 'add', folder.path, '--name', 'store')).toMatchObject({ exit: 2 });
  expect(await cli.failure('storage', 'add', folder.path, '--weight', '0')).toMatchObject({ exit: 2 });
  await cli.json('storage', 'close', 'store');
  expect(await cli.json('storage', 'list')).toMatchObject([
    { name: 'store', path: folder.path, state: 'read-only' },
  ]);
  await cli.json('storage', 'open', 'store');
  expect(await cli.json('storage', 'list')).toMatchObject([{ state: 'active' }]);
  expect(await cli.failure('storage', 'close', 'nowhere')).toMatchObject({ exit: 3, code: 'NOT_FOUND' });
});

describe('proof parameters', () => {
  const SRS = 'v28-fil-inner-product-v1.srs';

  test('an empty folder', async () => {
    expect((await cli.run('params', 'list')).stdout).toContain(`No parameter file in ${folder.path}`);
    const missing = (await cli.json('params', 'list', '--sector-size', '2KiB')) as { state: string }[];
    expect(missing.map(({ state }) => state)).toEqual(missing.map(() => 'missing'));
    const verified = await cli.run('params', 'verify', '--sector-size', '2KiB');
    expect(verified).toMatchObject({ code: 1, stderr: expect.stringContaining('PARAMS_INCOMPLETE') });
  });

  test.each([
    [['trust', 'nothing', '--network', 'private'], 3, 'PARAMS_UNKNOWN_FILE'],
    [['trust', SRS, '--network', 'private'], 3, 'PARAMS_ABSENT'],
    [['remove', 'nothing'], 3, 'PARAMS_UNKNOWN_FILE'],
    [['generate', '--sector-size', '2KiB'], 1, 'SEALER_NOT_INSTALLED'],
  ])('%j is refused', async (words, exit, code) => {
    expect(await cli.failure('params', ...words)).toMatchObject({ exit, code });
  });
});

test.each([
  [['message', 'show', '1'], 3, 'NOT_FOUND'],
  [['piece', 'show', 'xyz'], 2, 'CID_MALFORMED'],
  [['piece', 'retrieve', 'xyz', '--out', '/tmp/never'], 2, 'CID_MALFORMED'],
  [['queue', 'pause', 'precommit9'], 2, 'QUEUE_NAME_MALFORMED'],
  [['why', 't01000/1'], 3, 'NOT_FOUND'],
  [['sector', 'resume', 't01000/1'], 3, 'NOT_FOUND'],
  [['sector', 'pledge', '--miner', 't01000'], 3, 'MINER_UNKNOWN'],
  [['miner', 'add', 'x1000'], 2, 'ADDRESS_MALFORMED'],
  [['miner', 'add', 't01000', '--sender', 't1abc'], 2, 'ADDRESS_MALFORMED'],
  [['miner', 'add', 't01000'], 1, 'CHAIN_NODES_MISSING'],
  [['miner', 'info', 't01000'], 3, 'MINER_UNKNOWN'],
])('%j is refused', async (words, exit, code) => {
  expect(await cli.failure(...words)).toMatchObject({ exit, code });
});

test('a node that cannot be reached', async () => {
  await cli.json('setting', 'set', 'chain.nodes', 'http://127.0.0.1:9/rpc/v1');
  expect(await cli.failure('miner', 'add', 't01000')).toMatchObject({ exit: 4, code: 'CHAIN_UNREACHABLE' });
  await cli.json('setting', 'set', 'chain.nodes', 'http://127.0.0.1:9/rpc/v1 token=env:NOT_THERE');
  expect(await cli.failure('miner', 'add', 't01000')).toMatchObject({ exit: 1, code: 'SECRET_UNREADABLE' });
});

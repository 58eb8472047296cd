import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Database, findWorker, listQueuePauses, registerWorker, saveMiner } from '#db';
import { createMigratedDatabase, createTestFolder, type MigratedDatabase, type TestFolder } from '#testing';
import { Cli } from './support/cli.ts';

const GiB = 2 ** 30;

let store: MigratedDatabase;
let folder: TestFolder;
let database: Database;
let cli: Cli;

/** A worker on the seed's machine, as it would register; `gpus` as its sealer finds them. */
async function register(name: string, changes: { memory?: number; disk?: number; gpus?: number } = {}) {
  const { memory = 1_007 * GiB, disk = 15.36e12, gpus = 1 } = changes;
  await registerWorker(database.kysely, {
    name,
    bootId: 'boot',
    hostEpoch: 1,
    pid: 1,
    version: '0.1.0',
    capabilities: {
      gpu: { devices: Array.from({ length: gpus }, () => ({ name: 'RTX 3080' })) },
      hardware: {
        cpu: 'AMD EPYC 7542',
        cores: 32,
        threads: 64,
        l3Groups: Array.from(
          { length: 8 },
          (_, at) => `${4 * at}-${4 * at + 3},${4 * at + 32}-${4 * at + 35}`,
        ),
        numaNodes: 1,
        memory,
        workspace: { path: '/nvme', capacity: disk, free: disk },
      },
    },
  });
}

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
    BEEPRO_WORKER_NAME: 'host-a',
  });
  await saveMiner(database.kysely, {
    id: 1000,
    network: 'testnet',
    sector_size: '32GiB',
    owner: 't0100',
    worker: 't0101',
  });
});
beforeEach(async () => {
  for (const table of ['worker', 'setting', 'queue_pause'] as const)
    await database.kysely.deleteFrom(table).execute();
  await register('host-a');
});
afterAll(async () => {
  await store.drop();
  await folder.remove();
});

describe('suggest', () => {
  test('the seed’s machine: the table, and the commands to paste', async () => {
    const { stdout, code } = await cli.run('worker', 'suggest');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^worker\.limit\.precommit1 +0 +12 +64 GiB of memory each/m);
    expect(stdout).toMatch(/^worker\.max_sectors +0 +23 +605 GiB of workspace each$/m);
    expect(stdout).toContain('\n  beepro worker limit host-a precommit1 12\n');
    expect(stdout).toContain('\n  beepro setting set worker.max_sectors 23 --scope worker:host-a\n');
    expect(await cli.json('setting', 'list', '--changed')).toEqual([]);
  });

  test('--apply sets what was shown, for this worker alone, and nothing of it is out of reach', async () => {
    expect(await cli.json('worker', 'suggest', 'host-a', '--apply')).toMatchObject({
      role: 'everything',
      applied: true,
      size: '32GiB',
    });
    await register('host-b');
    expect(await cli.json('setting', 'get', 'worker.limit.precommit1', '--worker', 'host-a')).toMatchObject({
      value: '12',
      from: 'worker:host-a',
    });
    expect(await cli.json('setting', 'get', 'worker.limit.precommit1', '--worker', 'host-b')).toMatchObject({
      value: '0',
    });
    expect(await cli.json('worker', 'show', 'host-a')).toMatchObject({ unreachable: [] });
  });

  test('what the operator counts memory and space with is what is divided by', async () => {
    await cli.json('setting', 'set', 'worker.memory.precommit1', '32GiB=128GiB', '--scope', 'class:big');
    await cli.json('setting', 'set', 'worker.sector_space', '32GiB=1TiB', '--scope', 'worker:host-a');
    await cli.json('setting', 'set', 'worker.class', 'big', '--scope', 'worker:host-a');
    const { proposals } = (await cli.json('worker', 'suggest', 'host-a')) as {
      proposals: { setting: string; value: string }[];
    };
    const value = (setting: string) => proposals.find((one) => one.setting === setting)?.value;
    expect([value('worker.limit.precommit1'), value('worker.max_sectors')]).toEqual(['6', '13']);
  });

  test('a machine of GPUs without workspace computes C2 for others', async () => {
    await register('host-c2', { memory: 503 * GiB, disk: 0.4e12, gpus: 4 });
    expect(await cli.json('worker', 'suggest', 'host-c2', '--apply')).toMatchObject({ role: 'C2 only' });
    const changed = (await cli.json('setting', 'list', '--changed')) as { name: string; value: string }[];
    expect(changed.map(({ name, value }) => `${name} ${value}`)).toEqual([
      'worker.accept_outside_c2 true',
      'worker.limit.commit2 3',
    ]);
  });

  test('a worker that has not said what it has, and one that nobody knows', async () => {
    await database.kysely.updateTable('worker').set({ capabilities: '{}' }).execute();
    expect(await cli.failure('worker', 'suggest', 'host-a')).toMatchObject({
      code: 'WORKER_HARDWARE_UNKNOWN',
    });
    expect(await cli.failure('worker', 'suggest', 'host-z')).toMatchObject({ exit: 3, code: 'NOT_FOUND' });
  });
});

describe('show', () => {
  test('the machine, and for each value the scope it comes from: worker before class before all', async () => {
    await cli.json('setting', 'set', 'worker.class', 'big', '--scope', 'worker:host-a');
    await cli.json('worker', 'limit', '*', 'precommit1', '1');
    await cli.json('worker', 'limit', '*', 'precommit2', '1');
    await cli.json('worker', 'limit', '*', 'landing', '1');
    await cli.json('worker', 'limit', 'class:big', 'precommit1', '8');
    await cli.json('worker', 'limit', 'class:big', 'precommit2', '2');
    await cli.json('worker', 'limit', 'host-a', 'precommit1', '10');
    await cli.json('setting', 'set', 'worker.memory_keep_free', '16GiB', '--scope', 'class:big');
    const { stdout } = await cli.run('worker', 'show', 'host-a');
    expect(stdout).toMatch(/^cores +32 cores, 64 threads, 8 L3 caches \(0-3,32-35 · .*, 1 NUMA node$/m);
    expect(stdout).toMatch(/^precommit1 +10 +worker:host-a +0 +64 GiB +default/m);
    expect(stdout).toMatch(/^precommit2 +2 +class:big /m);
    expect(stdout).toMatch(/^landing +1 +\* /m);
    expect(stdout).toMatch(/^commit1 +0 +default /m);
    expect(stdout).toMatch(/^worker\.memory_keep_free +16GiB +class:big/m);
    expect(stdout).toMatch(/^worker\.scratch_keep_free +1GiB +default/m);
  });

  test('a limit that the machine cannot reach stands, and is shown with the reason', async () => {
    expect(await cli.json('worker', 'limit', 'host-a', 'precommit1', '40')).toMatchObject({ changed: true });
    await cli.json('setting', 'set', 'worker.max_sectors', '100', '--scope', 'worker:host-a');
    expect(await cli.json('worker', 'show', 'host-a')).toMatchObject({
      unreachable: [
        {
          setting: 'worker.limit.precommit1',
          most: 15,
          reason: expect.stringContaining('at most 15 fit into memory'),
        },
        { setting: 'worker.max_sectors', most: 27, reason: expect.stringContaining('workspace disk') },
      ],
    });
    const { stdout } = await cli.run('worker', 'show', 'host-a');
    expect(stdout).toContain('worker.limit.precommit1 cannot be reached: at most 15 fit into memory');
  });
});

describe('limits that are none', () => {
  test.each(['-1', '1.5', '1e3', 'many', ''])('"%s" is refused by the command line', async (value) => {
    const refused = await cli.failure('worker', 'limit', 'host-a', 'precommit1', value);
    expect(refused.exit).toBe(2);
    const failed = await cli.failure('setting', 'set', 'worker.limit.precommit1', value);
    expect(failed.exit).toBe(2);
    expect(await cli.json('setting', 'list', '--changed')).toEqual([]);
  });

  test.each(['-1', '1.5', '999999999999'])('"%s" by plain SQL has no effect, and is shown', async (value) => {
    const row = { name: 'worker.limit.precommit1', scope: 'worker:host-a', value };
    await cli.json('worker', 'limit', '*', 'precommit1', '3');
    await database.kysely.insertInto('setting').values(row).execute();
    const { limits } = (await cli.json('worker', 'show', 'host-a')) as {
      limits: { phase: string; limit: number; from: string; error?: string }[];
    };
    expect(limits.find((one) => one.phase === 'precommit1')).toMatchObject({
      limit: 3,
      from: '*',
      error: expect.stringMatching(new RegExp(`^worker:host-a has no effect: "${value}" is no value`)),
    });
    await cli.json('worker', 'limit', 'host-a', 'precommit1', '2');
    await database.kysely.updateTable('setting').set({ value }).where('scope', '=', row.scope).execute();
    expect(await cli.json('setting', 'get', row.name, '--worker', 'host-a')).toMatchObject({ value: '2' });
  });
});

describe('drain and pause', () => {
  const state = async (name: string) => (await findWorker(database.kysely, name))?.state;

  test('one worker, or all of a class', async () => {
    await register('host-b');
    await register('host-c');
    for (const name of ['host-b', 'host-c'])
      await cli.json('setting', 'set', 'worker.class', 'big', '--scope', `worker:${name}`);
    expect(await cli.json('worker', 'drain', 'host-a')).toEqual({
      workers: ['host-a'],
      state: 'draining',
      changed: 1,
    });
    expect(await cli.json('worker', 'drain', 'class:big')).toMatchObject({ changed: 2 });
    expect(await cli.json('worker', 'drain', 'class:big')).toMatchObject({ changed: 0 });
    expect(await state('host-b')).toBe('draining');
    expect((await cli.run('worker', 'list')).stdout).toMatch(/^host-c .*draining/m);
    await cli.json('worker', 'undrain', 'host-b');
    expect([await state('host-b'), await state('host-c')]).toEqual(['active', 'draining']);
  });

  test('a removed worker is not brought back by it, and an unknown one is not known', async () => {
    await database.kysely.updateTable('worker').set({ state: 'removed' }).execute();
    expect(await cli.json('worker', 'undrain', 'host-a')).toMatchObject({ changed: 0 });
    expect(await state('host-a')).toBe('removed');
    expect(await cli.failure('worker', 'drain', 'host-z')).toMatchObject({ exit: 3, code: 'NOT_FOUND' });
    expect(await cli.failure('worker', 'drain', 'class:none')).toMatchObject({ exit: 3, code: 'NOT_FOUND' });
  });

  test('one phase on one worker, of the host’s queues and of the fleet’s', async () => {
    await cli.json('worker', 'pause', 'host-a', 'precommit2');
    await cli.json('worker', 'pause', 'host-a', 'add-piece');
    const pauses = (await listQueuePauses(database.kysely)).map(({ queue }) => queue);
    expect(pauses).toEqual(['add-piece@host-a', 'precommit2@host-a']);
    expect((await cli.run('worker', 'show', 'host-a')).stdout).toMatch(/^add-piece .*paused$/m);
    expect(await cli.json('worker', 'unpause', 'host-a', 'add-piece')).toMatchObject({ changed: true });
    expect(await cli.json('worker', 'unpause', 'host-a', 'add-piece')).toMatchObject({ changed: false });
    expect(await cli.failure('worker', 'pause', 'host-z', 'landing')).toMatchObject({ exit: 3 });
    expect(await cli.failure('worker', 'pause', 'host-a', 'sealing')).toMatchObject({ exit: 2 });
  });
});

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SectorState, sealProof } from '#core';
import { findSector, findWorker, insertSector, registerWorker, saveMiner, serverTimeIn } from '#db';
import { createMigratedDatabase, createTestFolder, type MigratedDatabase, type TestFolder } from '#testing';
import { Cli } from './support/cli.ts';

const MINER = 1000;

let store: MigratedDatabase;
let folder: TestFolder;
let cli: Cli;
let number = 0;

beforeAll(async () => {
  store = await createMigratedDatabase();
  folder = await createTestFolder();
  cli = new Cli({
    BEEPRO_MYSQL_URL: store.options.url,
    BEEPRO_MYSQL_PASSWORD_FILE: store.options.passwordFile,
    BEEPRO_REDIS_URL: process.env.BEEPRO_REDIS_URL,
    BEEPRO_REDIS_PASSWORD_FILE: process.env.BEEPRO_REDIS_PASSWORD_FILE,
    BEEPRO_STATE_DIR: folder.path,
  });
  await saveMiner(store.database.kysely, {
    id: MINER,
    network: 'test',
    sector_size: '2KiB',
    owner: 't0100',
    worker: 't0101',
  });
});
afterAll(async () => {
  await store.drop();
  await folder.remove();
});
beforeEach(async () => {
  await registerWorker(store.database.kysely, {
    name: 'host-a',
    bootId: 'boot',
    hostEpoch: 1,
    pid: 1,
    version: '0.1.0',
    capabilities: {},
  });
  await store.database.kysely.updateTable('sector').set({ worker: null }).execute();
});

const worker = () => findWorker(store.database.kysely, 'host-a');
const sector = async (of: number) => findSector(store.database.kysely, { miner: MINER, number: of });

async function silence(): Promise<void> {
  const { kysely } = store.database;
  await kysely
    .updateTable('worker')
    .set({ heartbeat_at: serverTimeIn(-3_600_000) })
    .execute();
}

async function addSector(state: SectorState, more: Record<string, unknown> = {}): Promise<number> {
  number += 1;
  await insertSector(store.database.kysely, {
    miner: MINER,
    number,
    state,
    kind: 'cc',
    seal_proof: sealProof('2KiB', 'interactive').id,
    worker: 'host-a',
    ...more,
  });
  return number;
}

test('a worker that nobody knows is not found', async () => {
  expect(await cli.failure('worker', 'remove', 'host-x')).toMatchObject({ exit: 3, code: 'NOT_FOUND' });
});

describe('a worker that is alive', () => {
  test('and holds sectors is refused, and nothing is changed', async () => {
    const held = await addSector('PreCommit1');
    const failure = await cli.failure('worker', 'remove', 'host-a', '--yes');
    expect(failure).toMatchObject({
      exit: 1,
      code: 'WORKER_ALIVE',
      message: 'Worker host-a is alive and not drained, holds 1 sector',
    });
    expect((await worker())?.state).toBe('active');
    expect(await sector(held)).toMatchObject({ state: 'PreCommit1', worker: 'host-a' });
  });

  test('and drained and empty goes without force', async () => {
    await store.database.kysely.updateTable('worker').set({ state: 'draining' }).execute();
    const { stdout } = await cli.run('worker', 'remove', 'host-a', '--yes');
    expect(stdout).toMatch(/It holds no sector\.\n.*host-a is removed\. It is active again when its agent/s);
    expect((await worker())?.state).toBe('removed');
  });

  test('goes with force, its sectors too', async () => {
    const held = await addSector('PreCommit2', { comm_d: 'dd' });
    expect(await cli.json('worker', 'remove', 'host-a', '--force', '--yes')).toMatchObject({
      removed: true,
      outcomes: { 'begun-anew': 1 },
    });
    expect(await sector(held)).toMatchObject({ state: 'AddPiece', worker: null });
  });
});

describe('a worker that is gone', () => {
  test('is told of first: what becomes of its sectors, and nothing is changed', async () => {
    await silence();
    const proven = { proof: 'pp', landed_at: new Date() };
    await addSector('PreCommitBatching');
    await addSector('PreCommit1');
    const clearing = await addSector('ClearCache', proven);
    const { stdout } = await cli.run('worker', 'remove', 'host-a');
    expect(stdout).toContain('host-a was last heard of 1h00m ago');
    expect(stdout).toMatch(/^ +1 +goes-on +proven and landed/m);
    expect(stdout).toMatch(/^ +2 +begun-anew +nothing was signed/m);
    expect(stdout).toContain('Nothing was changed. Do it with --yes.');
    expect((await worker())?.state).toBe('active');
    expect(await sector(clearing)).toMatchObject({ state: 'ClearCache', worker: 'host-a' });

    const done = await cli.run('worker', 'remove', 'host-a', '--yes');
    expect(done.stdout).toContain('Worker host-a is removed, and its 3 sectors moved on.');
    expect(await sector(clearing)).toMatchObject({ state: 'CommitBatching', worker: null });
  });

  test('stays while the chain cannot say what is at stake', async () => {
    await silence();
    const staked = await addSector('WaitSeed', { precommit_epoch: 10, precommit_message: 1, ticket: 'tt' });
    const failure = await cli.failure('worker', 'remove', 'host-a', '--yes');
    expect(failure.code).toBe('CHAIN_NODES_MISSING');
    expect((await worker())?.state).toBe('active');
    expect(await sector(staked)).toMatchObject({ state: 'WaitSeed', worker: 'host-a' });
  });
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBatchQueue, insertSector } from '#db';
import { type Devnet, startDevnet } from '#devnet';
import {
  createMigratedDatabase,
  createTestFolder,
  createTestRedis,
  type MigratedDatabase,
  type TestFolder,
  type TestRedis,
} from '#testing';
import { Cli } from './support/cli.ts';

let store: MigratedDatabase;
let redis: TestRedis;
let folder: TestFolder;
let devnet: Devnet;
let cli: Cli;

beforeAll(async () => {
  store = await createMigratedDatabase();
  redis = createTestRedis();
  folder = await createTestFolder();
  devnet = await startDevnet({
    stateDir: join(folder.path, 'chain'),
    paused: true,
    // Nothing is proven here.
    verifier: {
      verifySeal: () => Promise.resolve(false),
      verifyAggregate: () => Promise.resolve(false),
      verifyWindowPoSt: () => Promise.resolve(false),
      close: () => Promise.resolve(),
    },
  });
  cli = new Cli({
    BEEPRO_MYSQL_URL: store.options.url,
    BEEPRO_MYSQL_PASSWORD_FILE: store.options.passwordFile,
    BEEPRO_REDIS_URL: process.env.BEEPRO_REDIS_URL,
    BEEPRO_STATE_DIR: folder.path,
  });
  await cli.json(
    ...['setting', 'set', 'chain.nodes'],
    `${devnet.url} token=file:${join(folder.path, 'chain', 'token')}`,
  );
});
afterAll(async () => {
  await devnet?.stop();
  await redis?.drop();
  await store?.drop();
  await folder?.remove();
});

const waiting = (number: number, state: 'PreCommitBatching' | 'CommitBatching') =>
  insertSector(store.database.kysely, {
    ...{ miner: 1000, number, state, kind: 'cc', seal_proof: 5, comm_r: 'ab'.repeat(32) },
    ...{ ticket_epoch: -900, precommit_epoch: 1, proof: 'cd'.repeat(192) },
  });

test('with no miner and nothing waiting, the sentences say so', async () => {
  expect((await cli.run('batch', 'list')).stdout).toBe('Nothing waits for a batch.\n');
  expect((await cli.run('batch', 'send', 'now')).stdout).toBe('There is no miner.\n');
  expect(await cli.json('batch', 'list')).toEqual([]);
});

test('what waits is listed with its time, its price and its reason', async () => {
  await cli.json('miner', 'add', 't01000');
  for (const number of [1, 2, 3]) await waiting(number, 'PreCommitBatching');
  await waiting(4, 'CommitBatching');
  expect(await cli.json('batch', 'list', '--miner', 't01000')).toMatchObject([
    { miner: 1000, kind: 'precommit', sealProof: 5, sectors: 3, messages: 1, why: 'wait for company' },
    { miner: 1000, kind: 'commit', sealProof: 5, sectors: 1, messages: 1, why: 'wait for company' },
  ]);
  const [titles, first] = (await cli.run('batch', 'list')).stdout.split('\n');
  expect(titles).toMatch(
    /^MINER +KIND +PROOF +SECTORS +MESSAGES +WAITED +LEAVES IN +LATEST EPOCH +COST NOW +WHY/,
  );
  // The last epoch of a ticket of epoch −900, less the slack of four hours.
  expect(first).toMatch(/^t01000 +precommit +5 +3 +1 .+ 2400 .+ FIL +wait for company/);
});

test('send now is a row; without the chain the list says so and goes on', async () => {
  expect(await cli.json('batch', 'send', 'now', 'precommit')).toEqual([
    { miner: 't01000', kind: 'precommit', sectors: 3 },
  ]);
  const row = await findBatchQueue(store.database.kysely, 1000, 'precommit');
  expect(row?.ordered_at).toBeInstanceOf(Date);
  expect(row?.ordered_by).toMatch(/^cli:/);
  expect(await findBatchQueue(store.database.kysely, 1000, 'commit')).toBeUndefined();
  await cli.json('setting', 'set', 'chain.nodes', 'http://127.0.0.1:9/rpc/v1');
  const listed = await cli.run('batch', 'list');
  expect(listed.stdout).toContain('leave now: the operator has ordered it');
  expect(listed.stderr).toContain('no cost is known');
});

test('of a miner that is not there nothing is listed and nothing ordered', async () => {
  for (const words of [['list'], ['send', 'now']])
    expect((await cli.run('batch', ...words, '--miner', 't09')).stderr).toMatch(/t09/);
});

test('a piece may name the actor that is told of it', async () => {
  const file = join(folder.path, 'told.txt');
  await writeFile(file, 'tell it');
  expect(await cli.json('piece', 'add', file, '--notify', 't05:8201f6')).toMatchObject([
    { notify_address: 't05', notify_payload: '8201f6' },
  ]);
  expect((await cli.run('piece', 'add', file, '--notify', 't06:')).stderr).toMatch(/to notify t05/);
});

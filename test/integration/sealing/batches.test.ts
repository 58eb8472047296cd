import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { LOTUS_METHODS } from '#chain';
import { decodeParamsOf, fromBase64, MINER_METHODS } from '#codec';
import { BeeproError } from '#core';
import {
  findBatchQueue,
  findMessage,
  findSector,
  insertSector,
  listMessageSectors,
  listMessages,
  listSectorEvents,
  listSectors,
  type MessageRow,
  orderBatch,
  patchSector,
  type SectorRow,
} from '#db';
import { audit, pledgeSectors } from '#sector';
import { waitFor } from '#testing';
import { batchActivity } from '../../../src/roles/sealing/batcher.ts';
import { ChainViewer } from '../../../src/roles/sealing/chain-view.ts';
import { PRECOMMIT, readBatchOutlook } from '../../../src/roles/sealing/index.ts';
import { type CoordinatorBench, createCoordinatorBench } from '../settings/support/coordinator-bench.ts';
import { createSealingRig, type SealingRig } from './sealing-rig.ts';

const FOREVER = new AbortController().signal;
const TO_PRECOMMIT = 'PreCommitBatching';

afterEach(() => vi.restoreAllMocks());

describe('one pass over sectors that wait for their pre-commit', () => {
  let rig: SealingRig;

  beforeAll(async () => {
    rig = await createSealingRig({ paused: true });
    await rig.devnet.control.mine(3);
  });
  afterAll(() => rig[Symbol.asyncDispose]());
  afterEach(async () => {
    // Each test's own sectors only.
    const rest = await listSectors(rig.modules.db.kysely, { miner: rig.miner, limit: 20_000 });
    for (const sector of rest.filter(({ state }) => state === TO_PRECOMMIT))
      await patchSector(rig.modules.db.kysely, sector, { state: 'Removed' });
    await rig.set('batch.precommit.wait', '0s');
    await rig.set('batch.precommit.max', '256');
  });

  async function waiting(count: number): Promise<readonly number[]> {
    const numbers = await pledgeSectors(rig.modules, { miner: rig.miner, count });
    await waitFor(async () => {
      await rig.work();
      const rows = await Promise.all(numbers.map(sector));
      return rows.every(({ state }) => state === TO_PRECOMMIT);
    });
    return numbers;
  }

  async function sector(number: number): Promise<SectorRow> {
    const row = await findSector(rig.modules.db.kysely, { miner: rig.miner, number });
    if (!row) throw new Error(`sector ${number} is gone`);
    return row;
  }

  const pass = async () =>
    batchActivity(rig.modules, PRECOMMIT, await new ChainViewer(rig.modules.chain).view(), FOREVER);
  const newest = async (count: number): Promise<MessageRow[]> =>
    (await listMessages(rig.modules.db.kysely, { miner: rig.miner, limit: 1_000 })).slice(-count);
  const membersOf = async ({ id }: MessageRow) =>
    (await listMessageSectors(rig.modules.db.kysely, id)).map(({ number }) => number);
  const estimates = () => vi.spyOn(rig.modules.chain, 'gasEstimateGasLimit');

  it('estimates the batch once; the row has the estimate, its epoch, and the last epoch that is of use', async () => {
    const numbers = await waiting(3);
    const asked = estimates();
    expect(await pass()).toMatchObject({ formed: 1 });
    expect(asked).toHaveBeenCalledTimes(1);
    const [message] = await newest(1);
    const rows = await Promise.all(numbers.map(sector));
    expect(message).toMatchObject({
      state: 'intent',
      gas_limit: Number(await asked.mock.results[0]?.value),
      estimated_epoch: rig.devnet.control.height,
      deadline_epoch: Math.min(...rows.map(({ ticket_epoch }) => (ticket_epoch ?? 0) + 3_780)),
    });
    expect(message && (await membersOf(message))).toEqual(numbers);
    expect(rows.map(({ state }) => state)).toEqual(['PreCommitWait', 'PreCommitWait', 'PreCommitWait']);
  });

  it('finds the member that the chain would refuse, with its words, and sends the others as one', async () => {
    const numbers = await waiting(8);
    const bad = numbers[5] ?? -1;
    const head = rig.devnet.control.height;
    await patchSector(rig.modules.db.kysely, { miner: rig.miner, number: bad }, { ticket_epoch: head + 50 });
    const asked = estimates();
    expect(await pass()).toMatchObject({ formed: 1 });
    expect(asked.mock.calls.length).toBeLessThanOrEqual(10);
    const [message] = await newest(1);
    expect(message && (await membersOf(message))).toEqual(numbers.filter((number) => number !== bad));
    expect(await sector(bad)).toMatchObject({
      state: TO_PRECOMMIT,
      recoveries: { 'precommit.precommit-refused': 1 },
    });
    const events = await listSectorEvents(rig.modules.db.kysely, { miner: rig.miner, number: bad });
    expect(events.at(-1)).toMatchObject({ event: 'precommit-withheld' });
    expect(JSON.stringify(events.at(-1)?.data)).toMatch(/must be before now/);
    // It pauses before it is tried again, and holds nobody up.
    const later = await pass();
    expect(later).toMatchObject({ formed: 0 });
    expect(later.nextMs).toBeGreaterThan(1_000);
  });

  it('halves what runs out of gas, and counts it against nobody', async () => {
    const numbers = await waiting(5);
    const real = rig.modules.chain.gasEstimateGasLimit;
    estimates().mockImplementation((message, key) => {
      const { sectors } = decodeParamsOf(MINER_METHODS.PreCommitSectorBatch2, message.params, 't');
      return sectors.length > 3 ? Promise.reject(new BeeproError('CHAIN_OUT_OF_GAS')) : real(message, key);
    });
    expect(await pass()).toMatchObject({ formed: 2 });
    const [first, second] = await newest(2);
    expect(first && (await membersOf(first))).toEqual(numbers.slice(0, 3));
    expect(second && (await membersOf(second))).toEqual(numbers.slice(3));
    expect((await Promise.all(numbers.map(sector))).map(({ recoveries }) => recoveries)).toEqual(
      numbers.map(() => ({})),
    );
  });

  it.each([
    ['a node that is away', new BeeproError('CHAIN_UNREACHABLE', { node: 'n', method: 'm', detail: 'gone' })],
    ['a miner without money', new BeeproError('CHAIN_EXECUTION_REVERTED', { exitCode: 19, detail: 'poor' })],
  ])('waits for %s, says so, and counts it against nobody', async (_what, error) => {
    const numbers = await waiting(2);
    estimates().mockRejectedValueOnce(error);
    expect(await pass()).toMatchObject({ formed: 0 });
    expect(await findBatchQueue(rig.modules.db.kysely, rig.miner, 'precommit')).toMatchObject({
      blocked_code: error.code,
    });
    const { lines } = await readBatchOutlook({ ...rig.modules, db: rig.modules.db.kysely }, rig.miner);
    expect(lines).toMatchObject([{ sectors: 2, blockedBy: expect.stringContaining(error.code) }]);
    expect(await pass()).toMatchObject({ formed: 1 });
    expect(await findBatchQueue(rig.modules.db.kysely, rig.miner, 'precommit')).toMatchObject({
      blocked_code: null,
    });
    expect((await Promise.all(numbers.map(sector))).map(({ recoveries }) => recoveries)).toEqual([{}, {}]);
  });

  it('sends at the operator’s word whoever waited then, and nobody who came later', async () => {
    await rig.set('batch.precommit.wait', '12h');
    const before = await waiting(2);
    expect(await pass()).toMatchObject({ formed: 0 });
    await orderBatch(rig.modules.db.kysely, rig.miner, 'precommit', 'cli:ana');
    const after = await waiting(1);
    await rig.set('batch.precommit.max', '2');
    expect(await pass()).toMatchObject({ formed: 1 });
    const [message] = await newest(1);
    expect(message && (await membersOf(message))).toEqual(before);
    expect(await pass()).toMatchObject({ formed: 0 });
    expect((await sector(after[0] ?? -1)).state).toBe(TO_PRECOMMIT);
  });

  it('by two coordinators at once puts every sector into one message', async () => {
    const numbers = await waiting(6);
    await rig.set('batch.precommit.max', '3');
    const passes = await Promise.all([pass(), pass(), pass()]);
    expect(passes.reduce((sum, { formed }) => sum + formed, 0)).toBe(2);
    const messages = await newest(2);
    const members = (await Promise.all(messages.map(membersOf))).flat();
    expect(members.toSorted((a, b) => a - b)).toEqual(numbers);
  });

  it('asks the chain once for all: a thousand sectors in four messages', async () => {
    const head = rig.devnet.control.height;
    const first = 100_000;
    for (let number = first; number < first + 1_024; number += 1) {
      const commR = randomBytes(32);
      commR[31] = 0;
      const row = { miner: rig.miner, number, state: TO_PRECOMMIT, kind: 'cc', seal_proof: 5 } as const;
      await insertSector(rig.modules.db.kysely, {
        ...row,
        comm_r: commR.toString('hex'),
        ticket_epoch: head - 900,
      });
    }
    const calls = countCalls(rig.modules);
    expect(await pass()).toMatchObject({ formed: 4 });
    expect(calls.count).toBeLessThanOrEqual(25);
    for (const message of await newest(4)) expect(await membersOf(message)).toHaveLength(256);
  });
});

/** Counts what is asked of the node, whatever the method. */
function countCalls({ chain }: SealingRig['modules']): { count: number } {
  const calls = { count: 0 };
  for (const name of Object.keys(LOTUS_METHODS)) {
    const method = (name.charAt(0).toLowerCase() + name.slice(1)) as 'chainHead';
    const real = chain[method];
    vi.spyOn(chain, method).mockImplementation((...args) => {
      calls.count += 1;
      return real(...args);
    });
  }
  return calls;
}

describe('sectors that wait for their prove-commit, with a coordinator that runs', () => {
  let bench: CoordinatorBench;

  beforeAll(async () => {
    bench = await createCoordinatorBench();
  });
  afterAll(() => bench[Symbol.asyncDispose]());
  afterEach(async () => {
    bench.rig.aggregator.firstByte = 0xaa;
    bench.rig.aggregator.failure = undefined;
    await bench.reset();
  });

  async function fourHeld(): Promise<readonly number[]> {
    await bench.given('batch.commit.wait', '12h');
    await bench.given('batch.commit.aggregate', 'on');
    return bench.bring(4, 'CommitBatching');
  }

  async function paramsOf(numbers: readonly number[]) {
    const rows = await Promise.all(numbers.map((number) => bench.sector(number)));
    const ids = new Set(rows.map((row) => row.commit_message));
    expect(ids.size).toBe(1);
    const message = await findMessage(bench.rig.modules.db.kysely, [...ids][0] ?? 0);
    const bytes = fromBase64(message?.params ?? '') ?? new Uint8Array();
    return decodeParamsOf(MINER_METHODS.ProveCommitSectors3, bytes, 't');
  }

  const provenBy = (numbers: readonly number[]) =>
    bench.until(`${numbers.join(', ')} Proving`, async () => {
      const rows = await Promise.all(numbers.map((number) => bench.sector(number)));
      return rows.every(({ state }) => state === 'Proving');
    });

  it('go as one proof, in the order of their numbers, and are proven by it', async () => {
    const numbers = await fourHeld();
    await bench.given('batch.commit.wait', '0s');
    await provenBy(numbers);
    const params = await paramsOf(numbers);
    expect(params.sectorActivations.map(({ sectorNumber }) => sectorNumber)).toEqual(numbers);
    expect(params.sectorProofs).toEqual([]);
    expect(params.aggregateProof[0]).toBe(0xaa);
    expect(await audit(bench.rig.modules.db.kysely, bench.rig.modules.chain)).toEqual([]);
  });

  it.each([
    ['the chain would refuse the aggregate', { firstByte: 0xbb }],
    ['the aggregate cannot be made', { failure: new Error('out of memory') }],
  ])('go with a proof each when %s', async (_what, trouble) => {
    const numbers = await fourHeld();
    Object.assign(bench.rig.aggregator, trouble);
    await bench.given('batch.commit.wait', '0s');
    await provenBy(numbers);
    const params = await paramsOf(numbers);
    expect(params.sectorProofs).toHaveLength(4);
    expect(params.aggregateProof).toHaveLength(0);
    for (const number of numbers) expect((await bench.sector(number)).recoveries).toEqual({});
  });
});

import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { idAddress, type Message } from '#codec';
import { type AttoFil, type Phase, type SectorState, sealProof } from '#core';
import {
  claimRun,
  heartbeatWorker,
  insertSector,
  listPledgeDecisions,
  listRunsOfSector,
  listSectorEvents,
  listSectors,
  registerWorker,
  serverTimeIn,
  transaction,
} from '#db';
import type { HostReport } from '#sched';
import { pledgeSectors } from '#sector';
import { waitFor } from '#testing';
import { pledgeDuty, startSealing } from '../../../src/roles/sealing/index.ts';
import { createSealingRig, type SealingRig } from './sealing-rig.ts';

let rig: SealingRig;

beforeEach(async () => {
  rig = await createSealingRig({ paused: true }, { pollMs: 100 });
  await rig.devnet.control.mine(3);
});
afterEach(() => rig[Symbol.asyncDispose]());

const never = new AbortController().signal;
/** A new duty each time: it has read nothing before. */
const pass = (): Promise<void> => pledgeDuty(rig.modules).pass(never);

/** A worker that says of itself that it would begin so many sectors. */
async function worker(name: string, wants: number, changes: Partial<HostReport> = {}): Promise<void> {
  const { kysely } = rig.modules.db;
  const registration = { bootId: 'b', hostEpoch: 1, pid: 1, version: '0', capabilities: {} };
  await registerWorker(kysely, { name, ...registration });
  const report: HostReport = {
    running: {},
    limits: { 'add-piece': 4, precommit1: 100 },
    sectors: 0,
    maxSectors: 0,
    devices: [],
    takes: wants > 0 ? ['add-piece'] : [],
    refusals:
      wants > 0 ? [] : [{ phase: 'add-piece', code: 'max-sectors', reason: 'it holds 2 of 2 sectors' }],
    wants,
    ...changes,
  };
  await heartbeatWorker(kysely, name, 1, { ...report });
}

const sectors = () => listSectors(rig.modules.db.kysely, { miner: rig.miner, limit: 1_000 });
const count = async (): Promise<number> => (await sectors()).length;

async function decision() {
  const rows = await listPledgeDecisions(rig.modules.db.kysely);
  return rows.find((row) => row.miner === rig.miner);
}

/** Claims and ends the AddPiece of every sector that waits for it, as a worker that computes nothing. */
async function begin(name: string): Promise<void> {
  const { db } = rig.modules;
  for (const sector of await sectors()) {
    if (sector.state !== 'AddPiece' || sector.worker !== null) continue;
    const [run] = await listRunsOfSector(db.kysely, sector, ['queued']);
    if (!run) continue;
    await transaction(db, (trx) =>
      claimRun(trx, { runId: run.id, attempt: run.attempt, worker: name, hostEpoch: 1 }),
    );
  }
}

/** Sectors that stand somewhere on their way, as if they had come there. */
async function standing(state: SectorState, howMany: number, from = 5_000): Promise<void> {
  const { kysely } = rig.modules.db;
  for (let i = 0; i < howMany; i += 1) {
    const proof = sealProof('2KiB', 'interactive').id;
    await insertSector(kysely, {
      ...{ miner: rig.miner, number: from + i, state, kind: 'cc', seal_proof: proof, worker: 'host-x' },
      ...(state === 'Parked' ? { parked_from: 'PreCommit1' } : {}),
    });
  }
}

/** Sets the floor so that exactly `money` may be spent: what is there now, less that. */
async function leaveAboveFloor(money: (cost: AttoFil) => AttoFil): Promise<AttoFil> {
  await worker('probe', 0);
  await pass();
  const facts = (await decision())?.facts ?? {};
  const cost = BigInt(String(facts.sectorCost));
  await rig.set('pledge.balance_floor', `${BigInt(String(facts.free)) - money(cost)} attoFIL`);
  return cost;
}

describe('automatic pledging', () => {
  test('is off by default, and says so', async () => {
    await worker('host-a', 3);
    await pass();
    expect(await count()).toBe(0);
    expect(await decision()).toMatchObject({ pledged: 0, reason: 'automatic pledging is off' });
  });

  test('fills exactly what the workers would begin, and no more while that waits', async () => {
    await rig.set('pledge.auto', 'true');
    await worker('host-a', 3);
    await worker('host-b', 2);
    await pass();
    expect(await count()).toBe(5);
    expect(await decision()).toMatchObject({
      pledged: 5,
      reason: '5 could begin now, 0 wait to be begun',
      facts: { inFlight: 0, wanted: 5, hosts: 2 },
    });
    const [first] = await sectors();
    if (!first) throw new Error('nothing was pledged');
    expect(await listSectorEvents(rig.modules.db.kysely, first)).toMatchObject([
      { event: 'pledged', data: { by: 'auto-pledge' } },
    ]);
    await pass();
    expect(await count()).toBe(5);
    expect((await decision())?.reason).toBe('5 wait to be begun already');
  });

  test('what a worker has begun since its report is no longer wanted', async () => {
    await rig.set('pledge.auto', 'true');
    await worker('host-a', 3);
    await pass();
    await begin('host-a');
    await pass();
    expect(await count()).toBe(3);
    // It reports again, and knows of them.
    await worker('host-a', 1, { running: { 'add-piece': 3 } });
    await rig.modules.db.kysely
      .updateTable('phase_run')
      .set({ claimed_at: serverTimeIn(-5_000) })
      .execute();
    await pass();
    expect(await count()).toBe(4);
  });

  test('more than one transaction’s worth comes in one pass', async () => {
    await rig.set('pledge.auto', 'true');
    for (const name of ['a', 'b', 'c']) await worker(`host-${name}`, 17);
    await pass();
    expect(await count()).toBe(51);
  });

  test.each<[string, () => Promise<void>]>([
    [
      'is away',
      async () => {
        await worker('host-a', 3);
        await rig.modules.db.kysely
          .updateTable('worker')
          .set({ heartbeat_at: serverTimeIn(-120_000) })
          .execute();
      },
    ],
    [
      'drains',
      async () => {
        await worker('host-a', 3);
        await rig.modules.db.kysely.updateTable('worker').set({ state: 'draining' }).execute();
      },
    ],
    ['has said nothing that is understood', () => worker('host-a', 3, { wants: -1 })],
  ])('a worker that %s does not count', async (_what, prepare) => {
    await rig.set('pledge.auto', 'true');
    await prepare();
    await pass();
    expect(await count()).toBe(0);
    expect((await decision())?.reason).toBe('no active worker is heard of');
  });

  test('a worker’s own reason is shown', async () => {
    await rig.set('pledge.auto', 'true');
    await worker('host-a', 0);
    await pass();
    expect((await decision())?.reason).toBe(
      'no worker could begin one now (host-a: AP: it holds 2 of 2 sectors)',
    );
  });

  test('not more than the bottleneck can take', async () => {
    await rig.set('pledge.auto', 'true');
    await worker('host-a', 20, { limits: { 'add-piece': 20, precommit1: 4 } });
    await pass();
    expect(await count()).toBe(5);
    await begin('host-a');
    await rig.modules.db.kysely
      .updateTable('phase_run')
      .set({ claimed_at: serverTimeIn(-60_000) })
      .execute();
    await pass();
    expect(await count()).toBe(5);
    expect((await decision())?.reason).toBe(
      'no worker could begin one now (host-a: 5 sectors are in PC1 or before it, which takes 4 at once)',
    );
  });
});

describe('bounds of a miner', () => {
  beforeEach(() => rig.set('pledge.auto', 'true'));

  test('the ceiling holds exactly, whatever stands in between', async () => {
    await rig.set('pledge.max_in_flight', '7');
    await standing('WaitSeed', 2);
    await standing('Parked', 1, 6_000);
    await standing('Proving', 5, 7_000);
    await worker('host-a', 20);
    await pass();
    expect(await decision()).toMatchObject({ pledged: 4, facts: { inFlight: 3, parked: 1 } });
    await begin('host-a');
    await worker('host-a', 20);
    await rig.modules.db.kysely
      .updateTable('phase_run')
      .set({ claimed_at: serverTimeIn(-60_000) })
      .execute();
    await pass();
    expect((await decision())?.reason).toBe('7 of 7 sectors are in flight, 1 of them parked');
    await rig.set('pledge.max_in_flight', '9');
    await pass();
    expect((await decision())?.pledged).toBe(2);
  });

  test('many parked sectors stop it', async () => {
    await standing('Parked', 3);
    await rig.set('pledge.max_parked', '3');
    await worker('host-a', 2);
    await pass();
    expect(await decision()).toMatchObject({
      pledged: 0,
      reason: '3 of its sectors are parked: what parked them may park the next ones',
    });
    await rig.set('pledge.max_parked', '0');
    await pass();
    expect((await decision())?.pledged).toBe(2);
  });

  test('money for two above the floor is two, and not one attoFIL less', async () => {
    const cost = await leaveAboveFloor((one) => 2n * one);
    expect(cost).toBeGreaterThan(0n);
    await worker('host-a', 5);
    await pass();
    expect((await decision())?.pledged).toBe(2);
    await begin('host-a');
    await rig.modules.db.kysely
      .updateTable('phase_run')
      .set({ claimed_at: serverTimeIn(-60_000) })
      .execute();
    await worker('host-a', 5);
    await pass();
    expect((await decision())?.reason).toMatch(
      /^the next sector costs .* and 0 FIL are left above the floor of/,
    );
  });

  test('a sector owes all until its pre-commit is on chain, and the rest of its pledge from then on', async () => {
    const owed = async () => {
      await pass();
      const facts = (await decision())?.facts ?? {};
      return { owed: BigInt(String(facts.owed)), cost: BigInt(String(facts.sectorCost)) };
    };
    await worker('host-a', 0);
    expect((await owed()).owed).toBe(0n);
    await standing('PreCommitWait', 2);
    const before = await owed();
    expect(before.owed).toBe(2n * before.cost);
    await standing('WaitSeed', 1, 6_000);
    const after = await owed();
    expect(after.owed).toBeGreaterThanOrEqual(before.owed);
    expect(after.owed).toBeLessThan(before.owed + after.cost);
    await standing('Proving', 1, 7_000);
    expect(await owed()).toEqual(after);
  });

  test('one attoFIL short of two is one', async () => {
    await leaveAboveFloor((one) => 2n * one - 1n);
    await worker('host-a', 5);
    await pass();
    expect((await decision())?.pledged).toBe(1);
  });

  test('a balance below the floor stops it, and it goes on when money comes', async () => {
    const { chain } = rig.modules;
    await leaveAboveFloor(() => -1n);
    await worker('host-a', 1);
    await pass();
    expect(await decision()).toMatchObject({ pledged: 0, reason: expect.stringContaining('the floor of') });
    const gift = {
      ...{ version: 0, to: idAddress(rig.miner, 't'), from: rig.devnet.accounts.operator ?? '', nonce: 0 },
      ...{ value: 100n * 10n ** 18n, gasLimit: 0n, gasFeeCap: 0n, gasPremium: 0n, method: 0 },
      params: new Uint8Array(),
    };
    await chain.mpoolPushMessage(gift as Message, null);
    await rig.devnet.control.mine(3);
    await pass();
    expect((await decision())?.pledged).toBe(1);
  });

  test.each([
    ['chainHead', 'its money is not known'],
    ['walletBalance', 'its money is not known'],
    ['stateMinerInitialPledgeForSector', 'its money is not known'],
    ['stateMinerAllocated', 'its numbers on chain are not known'],
  ])('a chain that does not answer %s stops it, with its words', async (method, words) => {
    const { chain } = rig.modules;
    const dead = { ...rig.modules, chain: Object.create(chain, { [method]: { value: refuse } }) };
    await worker('host-a', 1);
    await pledgeDuty(dead).pass(never);
    expect((await decision())?.reason).toMatch(new RegExp(`^${words}: .*nobody is there`));
    expect(await count()).toBe(0);
    function refuse(): Promise<never> {
      return Promise.reject(new Error('nobody is there'));
    }
  });
});

describe('together with others', () => {
  test('any number of duties at once never overshoot', async () => {
    await rig.set('pledge.auto', 'true');
    await rig.set('pledge.max_in_flight', '30');
    for (const name of ['a', 'b']) await worker(`host-${name}`, 12);
    await Promise.all(Array.from({ length: 6 }, () => pass()));
    expect(await count()).toBe(24);
    await rig.set('pledge.max_in_flight', '24');
    await begin('host-a');
    await worker('host-a', 12);
    await Promise.all(Array.from({ length: 6 }, () => pass()));
    expect(await count()).toBe(24);
  });

  test('nor do they when operators pledge at the same moment', async () => {
    await rig.set('pledge.auto', 'true');
    await rig.set('pledge.max_in_flight', '10');
    await worker('host-a', 50);
    const byHand = pledgeSectors(rig.modules, { miner: rig.miner, count: 4 });
    await Promise.all([pass(), byHand, pass()]);
    await pass();
    const own = await rig.modules.db.kysely
      .selectFrom('sector_event')
      .select('number')
      .where('event', '=', 'pledged')
      .where(sql<boolean>`data LIKE '%auto-pledge%'`)
      .execute();
    expect(await count()).toBe(own.length + 4);
    // Whoever was first: by hand no ceiling counts, by itself none is passed.
    expect([6, 10]).toContain(own.length);
  });

  test('off stops at once, on again goes on', async () => {
    await rig.set('pledge.interval', '1h');
    await worker('host-a', 2);
    const coordinator = startSealing(rig.modules, [pledgeDuty(rig.modules)]);
    try {
      await rig.set('pledge.auto', 'true');
      await waitFor(async () => (await count()) === 2, { what: 'two sectors' });
      await rig.set('pledge.auto', 'false');
      await begin('host-a');
      await worker('host-a', 2, { running: { 'add-piece': 2 } as Partial<Record<Phase, number>> });
      await waitFor(async () => (await decision())?.reason === 'automatic pledging is off');
      // By now every pass would find two wanted.
      await rig.modules.db.kysely
        .updateTable('phase_run')
        .set({ claimed_at: serverTimeIn(-60_000) })
        .execute();
      await pass();
      expect(await count()).toBe(2);
      await rig.set('pledge.auto', 'on');
      await waitFor(async () => (await count()) === 4, { what: 'four sectors' });
    } finally {
      await coordinator.stop();
    }
  });
});

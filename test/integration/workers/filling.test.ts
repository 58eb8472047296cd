import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ChainApi } from '#chain';
import { BitField } from '#codec';
import { findWorker, listPledgeDecisions, listSectors } from '#db';
import { readHostReport } from '#sched';
import { explainWaiting, readFleet } from '#sector';
import { waitFor } from '#testing';
import { pledgeDuty } from '../../../src/roles/sealing/index.ts';
import { createFleet, type Fleet, MINER } from './support/fleet.ts';

const HELD = 4;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await createFleet({ pollMs: 100 });
});
afterAll(() => fleet.close());

const never = new AbortController().signal;

/** The few questions that pledging asks a chain on which money is no object. */
const CHAIN: Partial<Record<keyof ChainApi, () => Promise<unknown>>> = {
  chainHead: () => Promise.resolve({ height: 5_000, cids: [], blocks: [] }),
  stateNetworkVersion: () => Promise.resolve(28),
  stateGetNetworkParams: () => Promise.resolve({ preCommitChallengeDelay: 10 }),
  stateAccountKey: () => Promise.resolve('t3payer'),
  stateMinerAvailableBalance: () => Promise.resolve(10n ** 24n),
  walletBalance: () => Promise.resolve(0n),
  stateMinerPreCommitDepositForPower: () => Promise.resolve(10n ** 17n),
  stateMinerInitialPledgeForSector: () => Promise.resolve(10n ** 17n),
  stateMinerAllocated: () => Promise.resolve(BitField.empty),
  stateMinerInfo: () => Promise.resolve({ consensusFaultElapsed: -1 }),
  stateReadState: () =>
    Promise.resolve({
      balance: 10n ** 24n,
      state: { PreCommitDeposits: '0', LockedFunds: '0', FeeDebt: '0', InitialPledge: '0' },
    }),
};

describe('a worker with its real sealers and automatic pledging', () => {
  test('is filled to what it may hold, never beyond, and says why it takes no more', async () => {
    const { database, bus, settings, log } = fleet;
    const { kysely } = database;
    await fleet.set('worker.heartbeat_interval', '*', '500ms');
    await fleet.set('worker.limit.add-piece', '*', '2');
    await fleet.set('worker.limit.precommit1', '*', '3');
    await fleet.set('worker.max_sectors', '*', String(HELD));
    await settings.refresh();
    const agent = await fleet.startAgent({ name: 'host-a' });
    const modules = { db: database, bus, settings, log, signer: undefined, chain: CHAIN };
    const duty = pledgeDuty(modules as unknown as Parameters<typeof pledgeDuty>[0]);
    await fleet.set('pledge.auto', '*', 'true');
    const sectors = () => listSectors(kysely, { miner: MINER, limit: 100 });
    const reason = async () => (await listPledgeDecisions(kysely))[0]?.reason;

    await waitFor(
      async () => {
        await duty.pass(never);
        const all = await sectors();
        // In every moment: what it was given is what it may hold.
        expect(all.length).toBeLessThanOrEqual(HELD);
        return all.length === HELD && all.every((sector) => sector.state === 'PreCommit2');
      },
      { what: 'four sectors before PC2', deadlineMs: 50_000 },
    );
    await waitFor(async () => {
      await duty.pass(never);
      return /host-a: AP: it holds 4 of 4 sectors/.test((await reason()) ?? '');
    });
    expect(await sectors()).toHaveLength(HELD);

    const row = await findWorker(kysely, 'host-a');
    expect(readHostReport(row?.report)).toMatchObject({ wants: 0, sectors: HELD, maxSectors: HELD });
    expect(await readFleet(kysely, settings)).toMatchObject([
      { worker: 'host-a', away: false, sectors: HELD, waiting: { precommit2: HELD } },
    ]);
    const [first] = await sectors();
    if (!first) throw new Error('there are four');
    const { waiting, jobs } = await explainWaiting(kysely, settings, first, 10);
    expect(waiting).toBe('PC2 on host-a, which holds its files');
    expect(jobs.map(({ phase, candidates }) => [phase, candidates.shown])).toEqual([
      ['precommit2', [{ worker: 'host-a', code: 'no-limit', reason: 'its limit for precommit2 is 0' }]],
    ]);
    await agent.stop();
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitField } from '#codec';
import { assignSectors } from '../../../src/devnet/actors/miner/deadline-assignment.ts';
import {
  deadlineIndexAt,
  deadlineInfo,
  isDeadlineMutable,
  nextNotElapsed,
  periodStartAt,
  provingPeriodOffset,
  quantizeToDeadlineEnd,
} from '../../../src/devnet/actors/miner/deadlines.ts';
import { newMiner } from '../../../src/devnet/actors/miner/new-miner.ts';
import { DEFAULT_POLICY } from '../../../src/devnet/policy.ts';
import { shortProving } from '../../../src/devnet/short-proving.ts';
import type { MinerInfo, Sector } from '../../../src/devnet/state/index.ts';
import { recording } from './recording.ts';

const policy = DEFAULT_POLICY;
const info: MinerInfo = {
  owner: 100,
  worker: 100,
  controlAddresses: [],
  peerId: new Uint8Array(),
  multiaddrs: [],
  windowPoStProof: 10,
  sectorSize: 2048,
  partitionSectors: 2,
};

describe('a short proving period', () => {
  it.each([
    [2880, 48, [48, 60, 20, 70, 1800]],
    [60, 6, [6, 10, 3, 12, 37]],
    [1440, 48, [48, 30, 10, 35, 900]],
  ])('of %i epochs in %i deadlines scales as a whole', (period, deadlines, expected) => {
    const short = shortProving(period, deadlines);
    expect([
      short.wPoStPeriodDeadlines,
      short.wPoStChallengeWindow,
      short.wPoStChallengeLookback,
      short.faultDeclarationCutoff,
      short.wPoStDisputeWindow,
    ]).toEqual(expected);
  });

  it.each([
    [60, 2],
    [61, 6],
    [12, 6],
    [60, 0],
    [Number.NaN, 6],
  ])('of %d epochs in %d deadlines is refused', (period, deadlines) => {
    expect(() => shortProving(period, deadlines)).toThrow(/proving period/);
  });
});

describe('a new miner', () => {
  // Created by the recorded message that was executed at 571, one before the tipset of the search's answer.
  const miner = newMiner(policy, 't01004', 571, info);

  it('gets its proving period where the recorded one has it', () => {
    expect(provingPeriodOffset(policy, 't01004', 571)).toBe(1388);
    expect(miner).toMatchObject({ provingPeriodStart: 1388 - 2880, currentDeadline: 34 });
  });

  it('shows the recorded deadline', () => {
    const shown = recording('021-StateMinerProvingDeadline-newminer').response.result;
    const current = deadlineInfo(policy, miner.provingPeriodStart, miner.currentDeadline, 795);
    const { periodStart, index, open, close, challenge, faultCutoff } = nextNotElapsed(policy, current);
    expect(shown).toMatchObject({
      PeriodStart: periodStart,
      Index: index,
      Open: open,
      Close: close,
      Challenge: challenge,
      FaultCutoff: faultCutoff,
    });
  });
});

describe('deadlines', () => {
  const epochs = fc.integer({ min: 0, max: 100_000 });

  it('are found by epoch', () => {
    fc.assert(
      fc.property(epochs, fc.integer({ min: -2880, max: 2880 }), (epoch, offset) => {
        const start = periodStartAt(policy, offset, epoch);
        const { open, close } = deadlineInfo(policy, start, deadlineIndexAt(policy, start, epoch), epoch);
        expect(open).toBeLessThanOrEqual(epoch);
        expect(close).toBeGreaterThan(epoch);
      }),
    );
  });

  it('are immutable when current and when next', () => {
    const start = 2880;
    const epoch = start + 5 * 60 + 7;
    const mutable = Array.from({ length: 48 }, (_, index) => isDeadlineMutable(policy, start, index, epoch));
    expect(mutable.filter((value) => !value)).toHaveLength(2);
    expect(mutable.slice(4, 8)).toEqual([true, false, false, true]);
  });

  it('end where clean-ups are rounded to', () => {
    expect(quantizeToDeadlineEnd(policy, 658, 658)).toBe(658);
    expect(quantizeToDeadlineEnd(policy, 658, 659)).toBe(718);
    expect(quantizeToDeadlineEnd(policy, -1492, 0)).toBe(8);
  });
});

describe('assignment of sectors', () => {
  const sector = (number: number): Sector => ({
    number,
    sealProof: 5,
    sealedCid: '',
    activation: 0,
    expiration: 0,
    dealWeight: 0n,
    verifiedDealWeight: 0n,
    initialPledge: 0n,
    powerBaseEpoch: 0,
    dailyFee: 1n,
  });
  const empty = newMiner(policy, 't01000', 0, info).deadlines;

  it('fills a partition before it opens another, and opens it in the emptiest deadline', () => {
    const assigned = assignSectors(empty, [0, 1, 2].map(sector), 2, 3000, (index) => index >= 2);
    const placed = assigned?.map((deadline) => deadline.partitions.map(({ sectors }) => [...sectors]));
    expect(placed?.slice(0, 5)).toEqual([[], [], [[0, 1]], [[2]], []]);
  });

  it('places every sector once, unproven, in a mutable deadline, at most as many as fit', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(5000), { maxLength: 120 }),
        fc.integer({ min: 1, max: 47 }),
        (numbers, first) => {
          const assigned =
            assignSectors(empty, numbers.map(sector), 2, 3000, (index) => index >= first) ?? [];
          const partitions = assigned.flatMap((deadline) => deadline.partitions);
          expect(
            partitions.every(({ sectors, unproven }) => sectors.size <= 2 && sectors.equals(unproven)),
          ).toBe(true);
          expect(partitions.reduce((count, { sectors }) => count + sectors.size, 0)).toBe(numbers.length);
          const all = BitField.ofRanges(partitions.flatMap(({ sectors }) => sectors.ranges));
          expect(all.equals(BitField.of(numbers))).toBe(true);
          expect(assigned.slice(0, first).every(({ totalSectors }) => totalSectors === 0)).toBe(true);
        },
      ),
    );
  });

  it('fails when all deadlines are full', () => {
    expect(assignSectors(empty, [0, 1, 2].map(sector), 1, 1, (index) => index < 2)).toBeUndefined();
  });
});

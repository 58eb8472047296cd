import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SECTOR_SIZES, SECTOR_STATES, type SectorState, sealProof } from '#core';
import {
  type HeldSector,
  phaseWrites,
  refuseForScratch,
  scratchNeeds,
  sectorPeak,
  sectorSpace,
} from '#sched';

const GiB = 2 ** 30;
const plain = sealProof('32GiB', 'interactive');
const synthetic = sealProof('32GiB', 'synthetic');
const inSectors = (bytes: number) => Math.round((bytes / plain.bytes) * 10) / 10;

const LIFE: readonly SectorState[] = [
  'AddPiece',
  'PreCommit1',
  'PreCommit2',
  'PreCommitBatching',
  'PreCommitWait',
  'WaitSeed',
  'Commit1',
  'Commit2',
  'ClearCache',
  'CommitBatching',
];

describe('what a sector takes, in sector sizes', () => {
  test('16.2 at the peak with data, 15.2 without; synthetic proofs are beside the layers for a while', () => {
    expect(inSectors(sectorPeak(plain))).toBe(16.1);
    expect(sectorPeak(plain) / GiB).toBeCloseTo(516.7, 0);
    expect(inSectors(sectorPeak(plain, 'cc'))).toBe(15.1);
    expect(inSectors(sectorPeak(synthetic))).toBe(16.9);
  });

  test.each<[string, typeof plain, 'cc' | 'data', readonly number[]]>([
    ['interactive, data', plain, 'data', [0, 1, 15, 16.1, 16.1, 16.1, 16.1, 16.1, 16.1, 0]],
    ['interactive, CC', plain, 'cc', [0, 0, 14, 15.1, 15.1, 15.1, 15.1, 15.1, 15.1, 0]],
    ['synthetic, data', synthetic, 'data', [0, 1, 15, 2.8, 2.8, 2.8, 2.8, 2.8, 2.8, 0]],
    ['synthetic, CC', synthetic, 'cc', [0, 0, 14, 1.8, 1.8, 1.8, 1.8, 1.8, 1.8, 0]],
  ])('%s: what is there at the beginning of each state', (_name, proof, kind, expected) => {
    expect(LIFE.map((state) => inSectors(sectorSpace(state, proof, kind).written))).toEqual(expected);
  });

  test('with synthetic proofs most of it is free again from PC2 on', () => {
    const peaks = LIFE.map((state) => inSectors(sectorSpace(state, synthetic, 'data').peak));
    expect(peaks).toEqual([16.9, 16.9, 16.9, 2.8, 2.8, 2.8, 2.8, 2.8, 2.8, 0]);
  });

  test('the operators’ number counts while the peak is ahead', () => {
    const rule = 606 * GiB;
    expect(sectorSpace('PreCommit1', synthetic, 'data', rule).peak).toBe(rule);
    expect(inSectors(sectorSpace('WaitSeed', synthetic, 'data', rule).peak)).toBe(2.8);
    expect(sectorSpace('WaitSeed', plain, 'data', rule).peak).toBe(rule);
  });

  test('laws: nothing is there beyond the peak, and a phase writes no more than what leads to the next state', () => {
    for (const size of SECTOR_SIZES) {
      for (const variant of ['interactive', 'synthetic'] as const) {
        for (const kind of ['cc', 'data'] as const) {
          const proof = sealProof(size, variant);
          for (const state of SECTOR_STATES) {
            const { written, peak } = sectorSpace(state, proof, kind);
            expect(written).toBeLessThanOrEqual(peak);
          }
          const pc1 = sectorSpace('PreCommit1', proof, kind).written + phaseWrites('precommit1', proof, kind);
          expect(pc1).toBe(sectorSpace('PreCommit2', proof, kind).written);
        }
      }
    }
  });
});

describe('what the sectors of a worker take', () => {
  const sector = (state: SectorState, used?: number): HeldSector => ({
    state,
    proof: plain,
    kind: 'data',
    used,
  });
  const peak = sectorPeak(plain);

  test('each is reserved for its life, also those that are just begun', () => {
    const needs = scratchNeeds([sector('PreCommit1'), sector('WaitSeed')], 1, [plain]);
    expect(needs).toMatchObject({ reserved: 3 * peak, newSector: peak });
    expect(needs.growth).toBe(
      peak + (peak - plain.bytes) + (peak - sectorSpace('WaitSeed', plain, 'data').written),
    );
  });

  test('what was measured counts for what is written', () => {
    const { growth, writes } = scratchNeeds([sector('PreCommit1', 10 * plain.bytes)], 0, [plain]);
    expect(growth).toBe(peak - 10 * plain.bytes);
    // One of its 15 sector sizes was the unsealed data, 9 more are layers and trees.
    expect(writes.precommit1).toBe(5 * plain.bytes);
  });

  test('of several that wait for a phase the one that needs least may go on', () => {
    const needs = scratchNeeds(
      [sector('PreCommit1', plain.bytes), sector('PreCommit1', 14 * plain.bytes)],
      0,
      [],
    );
    expect(needs.writes.precommit1).toBe(plain.bytes);
    expect(needs.writes.precommit2).toBeUndefined();
  });

  test('the largest that may come is what a new one is counted with', () => {
    const { newSector } = scratchNeeds([], 0, [sealProof('2KiB', 'interactive'), synthetic]);
    expect(newSector).toBe(sectorPeak(synthetic));
    expect(scratchNeeds([], 0, [plain], { '32GiB': 606 * GiB }).newSector).toBe(606 * GiB);
    expect(scratchNeeds([], 2, [])).toMatchObject({ newSector: 0, reserved: 0 });
  });

  test('law: with all sectors reserved before they begin, none of them runs out of space', () => {
    const step = fc.record({ at: fc.nat(7), state: fc.constantFrom(...LIFE) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 8 }), (steps, room) => {
        const capacity = room * peak + peak / 2;
        const sectors = new Map<number, SectorState>();
        for (const { at, state } of steps) {
          const held = [...sectors.values()].map((one) => sector(one));
          const needs = scratchNeeds(held, 0, [plain]);
          const used = held.reduce((sum, one) => sum + sectorSpace(one.state, plain, 'data').written, 0);
          const view = { ...needs, capacity, free: capacity - used, keepFree: 0 };
          const now = sectors.get(at);
          // A sector moves on, also over a state, and ends cleared.
          if (now !== undefined && LIFE.indexOf(state) > LIFE.indexOf(now)) sectors.set(at, state);
          if (sectors.get(at) === 'CommitBatching') sectors.delete(at);
          if (now !== undefined) continue;
          if (refuseForScratch('add-piece', view) === undefined) sectors.set(at, 'AddPiece');
          const most = [...sectors.values()].reduce(
            (sum, one) => sum + sectorSpace(one, plain, 'data').peak,
            0,
          );
          expect(most).toBeLessThanOrEqual(capacity);
        }
      }),
    );
  });
});

test('a disk that does not answer begins nothing that writes, and keeps nothing from being freed', () => {
  const view = { ...scratchNeeds([], 0, [plain]), capacity: 0, free: 0, keepFree: 0, unknown: 'it hangs' };
  expect(refuseForScratch('add-piece', view)).toBe('it hangs');
  expect(refuseForScratch('precommit2', view)).toBe('it hangs');
  expect(refuseForScratch('clear-cache', view)).toBeUndefined();
  expect(refuseForScratch('landing', view)).toBeUndefined();
});

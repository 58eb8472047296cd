import { expect, test } from 'vitest';
import type { SectorState } from '#core';
import { chooseNext, type HostView, type PaceView, phaseOrder, precommit2First, refuseForPace } from '#sched';

const HOUR_MS = 3_600_000;

function host(pace: PaceView | undefined, running: HostView['running'] = {}): HostView {
  return {
    worker: 'host-a',
    state: 'active',
    limits: { 'add-piece': 2, precommit1: 8, precommit2: 1, commit2: 1 },
    running,
    maxSectors: 0,
    sectors: 0,
    paused: new Set(),
    acceptsOutsideC2: false,
    devices: [{ id: 'gpu', slots: 1, held: [], reservedForPost: 0 }],
    ...(pace ? { pace } : {}),
  };
}

function learned(states: Partial<Record<SectorState, number>>): PaceView {
  return { states, durationsMs: { precommit1: 3 * HOUR_MS }, seedWaitMs: HOUR_MS };
}

test.each([
  { why: 'the wait for seeds runs dry', waiting: 1, pc1: 6, first: true },
  { why: 'each has its share', waiting: 2, pc1: 6, first: false },
  { why: 'PC1 runs dry', waiting: 4, pc1: 3, first: false },
  { why: 'nothing is on either way', waiting: 0, pc1: 0, first: false },
])('PC2 before C2: $first when $why', ({ waiting, pc1, first }) => {
  const view = host(learned({ WaitSeed: waiting, PreCommit1: pc1 }), { precommit1: pc1 });
  expect(precommit2First(view)).toBe(first);
  const device = phaseOrder(view).filter((phase) => phase === 'precommit2' || phase === 'commit2');
  expect(device).toEqual(first ? ['precommit2', 'commit2'] : ['commit2', 'precommit2']);
  const taken = chooseNext(view).candidates.map(({ phase }) => phase);
  expect(taken.indexOf('precommit2') < taken.indexOf('commit2')).toBe(first);
});

test('sectors that wait to be batched, or for their pre-commit, are on their way to C2 too', () => {
  const states = { PreCommitBatching: 1, PreCommitWait: 1, WaitSeed: 0, PreCommit1: 6 };
  expect(precommit2First(host(learned(states), { precommit1: 6 }))).toBe(false);
});

test('what waits for PC1 without running is no supply of PC2 yet', () => {
  expect(precommit2First(host(learned({ WaitSeed: 1, PreCommit1: 20 }), { precommit1: 3 }))).toBe(false);
});

test('a host that has learned nothing, or shall not, goes finish first', () => {
  const states = { PreCommit1: 6 };
  expect(precommit2First(host(undefined, { precommit1: 6 }))).toBe(false);
  expect(precommit2First(host({ states, durationsMs: {} }, { precommit1: 6 }))).toBe(false);
  expect(precommit2First(host({ states, durationsMs: { precommit1: 1 } }, { precommit1: 6 }))).toBe(false);
});

test.each([
  { AddPiece: 0, PreCommit1: 8, refused: false },
  { AddPiece: 1, PreCommit1: 8, refused: true },
  { AddPiece: 2, PreCommit1: 6, refused: false },
  { AddPiece: 0, PreCommit1: 12, refused: true },
])('AddPiece with $AddPiece before it and $PreCommit1 in PC1, of 8 slots: refused $refused', (given) => {
  const { refused, ...states } = given;
  const view = host({ states, durationsMs: {} });
  expect(refuseForPace(view) !== undefined).toBe(refused);
  expect(chooseNext(view).refusals.some(({ code }) => code === 'pace')).toBe(refused);
});

test('a host is never starved: with a slot of PC1 free and nothing before it, it begins', () => {
  for (let slots = 1; slots <= 40; slots += 1) {
    for (let inPc1 = 0; inPc1 < slots; inPc1 += 1) {
      const view = {
        ...host({ states: { PreCommit1: inPc1 }, durationsMs: {} }),
        limits: { precommit1: slots },
      };
      expect(refuseForPace(view)).toBeUndefined();
    }
  }
});

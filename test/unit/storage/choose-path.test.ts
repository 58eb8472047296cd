import { describe, expect, test } from 'vitest';
import { chooseStoragePath, type PathCandidate } from '#storage';

function path(id: number, changes: Partial<PathCandidate> = {}): PathCandidate {
  return {
    id,
    name: `path-${id}`,
    miner: null,
    canStore: true,
    state: 'active',
    weight: 1,
    free: 1_000,
    ...changes,
  };
}

const need = { miner: 1000, bytes: 100, minFree: 50 };

describe('where a sector lands', () => {
  test.each<[string, PathCandidate[], number | undefined]>([
    ['nowhere without paths', [], undefined],
    ['the one with the most room', [path(1), path(2, { free: 2_000 })], 2],
    ['room counts by weight', [path(1, { weight: 3 }), path(2, { free: 2_000 })], 1],
    ['of equals the lower id, in any order', [path(2), path(1)], 1],
    ['never on a sealing path', [path(1, { canStore: false })], undefined],
    ['never read-only', [path(1, { state: 'read-only' }), path(2, { free: 500 })], 2],
    ['never on another miner’s', [path(1, { miner: 1001 }), path(2, { miner: 1000, free: 500 })], 2],
    ['never on one that does not answer', [path(1, { free: undefined })], undefined],
    ['never at weight 0', [path(1, { weight: 0 })], undefined],
    ['just enough is enough', [path(1, { free: 150 })], 1],
    ['what must stay free stays free', [path(1, { free: 149 })], undefined],
  ])('%s', (_what, candidates, chosen) => {
    expect(chooseStoragePath(candidates, need).chosen?.id).toBe(chosen);
  });

  test('every path that is not taken has its reason', () => {
    const choice = chooseStoragePath([path(1, { free: 149 }), path(2), path(3, { free: 900 })], need);
    expect(choice.refused).toEqual([
      { name: 'path-1', reason: 'it has 149 bytes free, of which 50 stay free; 100 are needed' },
      { name: 'path-3', reason: 'another path has more room' },
    ]);
  });
});

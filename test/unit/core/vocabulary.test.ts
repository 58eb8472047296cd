import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseSectorName, SECTOR_SIZES, sealProof, sealProofById, sectorName } from '#core';

test.each([
  ['s-t01000-12', { miner: 1000, number: 12 }],
  ['t01000/12', { miner: 1000, number: 12 }],
  ['f01000-0', { miner: 1000, number: 0 }],
  ['t1abc/3', undefined],
  ['s-t01000-99999999999999999999', undefined],
])('%s names %o', (text, id) => {
  expect(parseSectorName(text)).toEqual(id);
});

test('a sector is found again by its name', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (miner, number) => {
      expect(parseSectorName(sectorName({ miner, number }))).toEqual({ miner, number });
    }),
  );
});

// go-state-types abi/sector.go: V1_1 are 5–9, synthetic 10–14, NI-PoRep 15–19; window PoSt V1_1 are 10–14.
test.each([
  [5, '2KiB', 'interactive', 0, 10],
  [8, '32GiB', 'interactive', 3, 13],
  [10, '2KiB', 'synthetic', 0, 10],
  [19, '64GiB', 'non-interactive', 4, 14],
] as const)('seal proof %i is %s %s', (id, size, variant, winningPost, windowPost) => {
  expect(sealProofById(id)).toMatchObject({ id, size, variant, winningPost, windowPost });
  expect(sealProof(size, variant).id).toBe(id);
});

test.each([0, 4, 20, 7.5, -1])('seal proof %d is not one for new sectors', (id) => {
  expect(sealProofById(id)).toBeUndefined();
});

test('sector sizes are powers of two', () => {
  for (const size of SECTOR_SIZES) expect(Math.log2(sealProof(size, 'interactive').bytes) % 1).toBe(0);
});

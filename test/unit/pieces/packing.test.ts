import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { closeReason, freeSpace, packingOrder, placePieces, planPacking } from '#pieces';

const SECTOR = 2 ** 14;
const size = fc.integer({ min: 7, max: 14 }).map((exponent) => 2 ** exponent);
const sizes = fc.array(size, { maxLength: 24 });

describe('placing pieces', () => {
  it('each lies aligned to its size, none overlap, and pieces and zeros fill the sector exactly', () => {
    fc.assert(
      fc.property(sizes, (pieces) => {
        const placements = placePieces(pieces, SECTOR);
        if (!placements) return;
        let end = 0;
        for (const { offset, size } of placements) {
          expect(offset).toBe(end);
          expect(Number.isInteger(Math.log2(size))).toBe(true);
          expect(offset % size).toBe(0);
          end += size;
        }
        expect(end).toBe(SECTOR);
        expect(placements.flatMap(({ index }) => index ?? [])).toEqual(pieces.map((_, index) => index));
        for (const { size, index } of placements) if (index !== undefined) expect(size).toBe(pieces[index]);
      }),
    );
  });

  it('largest first, whatever sums up to the sector fits, and nothing else', () => {
    fc.assert(
      fc.property(sizes, (pieces) => {
        const ordered = packingOrder(pieces.map((paddedSize) => ({ paddedSize }))).map(
          ({ paddedSize }) => paddedSize,
        );
        const sum = pieces.reduce((total, piece) => total + piece, 0);
        expect(placePieces(ordered, SECTOR) !== undefined).toBe(sum <= SECTOR);
        expect(freeSpace(pieces, SECTOR)).toBe(Math.max(0, SECTOR - sum));
      }),
    );
  });

  it('keeps to sizes beyond 32 bits', () => {
    const [GiB32, GiB16] = [2 ** 35, 2 ** 34];
    expect(placePieces([128, GiB16], GiB32)?.at(-1)).toEqual({ offset: GiB16, size: GiB16, index: 1 });
    expect(placePieces([GiB16, GiB16, 128], GiB32)).toBeUndefined();
  });

  it('equal pieces stay in their order', () => {
    const pieces = [
      { paddedSize: 128, name: 'a' },
      { paddedSize: 256, name: 'b' },
      { paddedSize: 128, name: 'c' },
    ];
    expect(packingOrder(pieces).map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  });
});

describe('planning', () => {
  const rules = { sectorBytes: SECTOR, maxPieces: 4 };
  const pieces = (...list: number[]) => list.map((paddedSize) => ({ paddedSize }));

  it('fills what is open before it opens more', () => {
    const open = [
      { sector: 'a', paddedSizes: [SECTOR / 2] },
      { sector: 'b', paddedSizes: [128, 128, 128] },
    ];
    const plan = planPacking(open, pieces(SECTOR / 2, 128, 256, SECTOR, 512), rules);
    expect(plan).toEqual([
      { sector: 'a', add: pieces(SECTOR / 2) },
      { sector: 'b', add: pieces(128) },
      { sector: undefined, add: pieces(256, 512) },
      { sector: undefined, add: pieces(SECTOR) },
    ]);
  });

  it('leaves out what no sector can hold, and does nothing for nothing', () => {
    expect(planPacking([], pieces(2 * SECTOR), rules)).toEqual([]);
    expect(planPacking([{ sector: 'a', paddedSizes: [] }], [], rules)).toEqual([]);
  });

  it('places every piece that can be placed, once, and overfills no sector', () => {
    fc.assert(
      fc.property(
        fc.array(sizes.filter((held) => held.length <= 4 && held.reduce((a, b) => a + b, 0) <= SECTOR)),
        sizes,
        (held, more) => {
          const open = held.map((paddedSizes, sector) => ({ sector, paddedSizes }));
          const waiting = more.map((paddedSize, id) => ({ paddedSize, id }));
          const plan = planPacking(open, waiting, rules);
          const placed = plan.flatMap(({ add }) => add.map(({ id }) => id));
          expect(placed.toSorted((a, b) => a - b)).toEqual(waiting.map(({ id }) => id));
          for (const { sector, add } of plan) {
            const all = [
              ...(sector === undefined ? [] : (held[sector] ?? [])),
              ...add.map((piece) => piece.paddedSize),
            ];
            expect(all.length).toBeLessThanOrEqual(4);
            expect(all.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(SECTOR);
          }
        },
      ),
    );
  });
});

describe('when a sector is sealed', () => {
  const rules = { sectorBytes: SECTOR, maxPieces: 3, waitMs: 60_000 };
  it.each([
    [[SECTOR], 0, 'full'],
    [[SECTOR / 2, SECTOR / 2], 0, 'full'],
    [[128, 128, 128], 0, 'enough pieces'],
    [[SECTOR / 2], 60_000, 'waited long enough'],
    [[SECTOR / 2], 59_999, undefined],
    [[], 1e9, undefined],
  ])('%o after %i ms: %s', (paddedSizes, waitedMs, reason) => {
    expect(closeReason({ paddedSizes, waitedMs }, rules)).toBe(reason);
  });

  it('at once when it need not wait', () => {
    expect(closeReason({ paddedSizes: [128], waitedMs: 0 }, { ...rules, waitMs: 0 })).toBe(
      'waited long enough',
    );
  });
});

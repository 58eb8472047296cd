import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unsealedCid } from '#codec';
import {
  fr32Pad,
  fr32Unpad,
  paddedSizeFor,
  payloadOf,
  pieceCommitment,
  placePieces,
  sectorCommitment,
  zeroCommitment,
} from '#pieces';

interface Recorded {
  readonly pieces: readonly {
    readonly size: number;
    readonly padded_size: number;
    readonly comm_p: string;
  }[];
  readonly sectors: readonly {
    readonly sector_size: number;
    readonly sizes: readonly number[];
    readonly comm_d: string;
    readonly pieces: readonly {
      readonly offset: number;
      readonly padded_size: number;
      readonly zero: boolean;
    }[];
  }[];
}
/** What filecoin-proofs-api gives for the same data. */
const recorded = JSON.parse(
  readFileSync(new URL('../../fixtures/pieces/commitments.json', import.meta.url), 'utf8'),
) as Recorded;

/** The data of the recordings. */
function dataOf(size: number): Buffer {
  let data = made.get(size);
  if (!data) {
    const blocks = Array.from({ length: Math.floor(size / 32) + 1 }, (_, index) =>
      hash('sha256', `${size}:${index}`, 'buffer'),
    );
    data = Buffer.concat(blocks).subarray(0, size);
    made.set(size, data);
  }
  return data;
}
const made = new Map<number, Buffer>();

const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');

describe('CommP', () => {
  it.each(recorded.pieces)(
    'of $size bytes is what the proofs library gives',
    async ({ size, padded_size, comm_p }) => {
      const piece = await pieceCommitment([dataOf(size)]);
      expect(piece).toMatchObject({ size, paddedSize: padded_size });
      expect(hex(piece.commitment)).toBe(comm_p);
    },
  );

  it('does not depend on how the data arrives', async () => {
    const data = dataOf(100_000);
    const whole = await pieceCommitment([data]);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 8 }), async (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), data.length];
        const chunks = edges.slice(1).map((end, index) => data.subarray(edges[index], end));
        expect(await pieceCommitment(chunks)).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });

  it('of data in a larger piece is that of the data with zeros behind it', async () => {
    const data = dataOf(1_016);
    const filled = Buffer.concat([data, Buffer.alloc(payloadOf(4_096) - data.length)]);
    expect(hex((await pieceCommitment([data], 4_096)).commitment)).toBe(
      hex((await pieceCommitment([filled])).commitment),
    );
  });
});

describe('zeros', () => {
  it('have the commitments that the chain knows', async () => {
    // Source: Lotus `zerocomm.PieceComms`, the CommD of committed capacity of 2 KiB and 32 GiB.
    expect(unsealedCid(zeroCommitment(2 ** 11))).toBe(
      'baga6ea4seaqpy7usqklokfx2vxuynmupslkeutzexe2uqurdg5vhtebhxqmpqmy',
    );
    expect(unsealedCid(zeroCommitment(2 ** 35))).toBe(
      'baga6ea4seaqao7s73y24kcutaosvacpdjgfe5pw76ooefnyqw4ynr3d2y6x2mpq',
    );
    for (const padded of [128, 2_048, 2 ** 20]) {
      expect(hex((await pieceCommitment([Buffer.alloc(payloadOf(padded))])).commitment)).toBe(
        hex(zeroCommitment(padded)),
      );
    }
  });
});

describe('CommD', () => {
  it.each(recorded.sectors)('of pieces $sizes in a sector of $sector_size', async (sector) => {
    const pieces = await Promise.all(sector.sizes.map((size) => pieceCommitment([dataOf(size)])));
    expect(hex(sectorCommitment(pieces, sector.sector_size))).toBe(sector.comm_d);
  });

  it.each(recorded.sectors)('pieces $sizes lie where the proofs library puts them', (sector) => {
    const placements = placePieces(sector.sizes.map(paddedSizeFor), sector.sector_size) ?? [];
    const expected = sector.pieces.map(({ offset, padded_size, zero }) => ({
      offset,
      size: padded_size,
      zero,
    }));
    expect(
      placements.map(({ offset, size, index }) => ({ offset, size, zero: index === undefined })),
    ).toEqual(expected);
  });

  it('is that of the whole sector’s bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 6 }), async (sizes) => {
        const sectorBytes = 16_384;
        const pieces = await Promise.all(sizes.map((size) => pieceCommitment([dataOf(size)])));
        const placements = placePieces(
          pieces.map((piece) => piece.paddedSize),
          sectorBytes,
        );
        const commD = sectorCommitment(pieces, sectorBytes);
        expect(commD === undefined).toBe(placements === undefined);
        if (!placements) return;
        const payload = Buffer.alloc(payloadOf(sectorBytes));
        for (const { offset, index } of placements) {
          if (index !== undefined) payload.set(dataOf(sizes[index] ?? 0), payloadOf(offset));
        }
        expect(hex(commD)).toBe(hex((await pieceCommitment([payload])).commitment));
      }),
      { numRuns: 30 },
    );
  });
});

describe('fr32', () => {
  it('is undone by its inverse, and leaves two bits of each element free', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(), (units, seed) => {
        const payload = dataOf(127 * units + (seed % 97)).subarray(0, 127 * units);
        const padded = fr32Pad(payload);
        expect(padded.length).toBe(128 * units);
        for (let end = 31; end < padded.length; end += 32) expect((padded[end] ?? 0) & 0xc0).toBe(0);
        expect(Buffer.from(fr32Unpad(padded)).equals(payload)).toBe(true);
      }),
    );
  });

  it.each([
    [1, 128],
    [127, 128],
    [128, 256],
    [254, 256],
    [255, 512],
    [2_032, 2_048],
    [2_033, 4_096],
    [127 * 2 ** 28, 2 ** 35],
    [127 * 2 ** 28 + 1, 2 ** 36],
  ])('%i bytes of data occupy %i', (payload, padded) => {
    expect(paddedSizeFor(payload)).toBe(padded);
    expect(payloadOf(padded)).toBeGreaterThanOrEqual(payload);
  });
});

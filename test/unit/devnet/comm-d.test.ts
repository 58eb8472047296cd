import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex, unsealedCid } from '#codec';
import { commDOfPieces, zeroCommitment } from '../../../src/devnet/actors/miner/comm-d.ts';

/** CommD of 2 KiB of zeroes, as every 2k network knows it. */
const ZERO_2KIB = 'baga6ea4seaqpy7usqklokfx2vxuynmupslkeutzexe2uqurdg5vhtebhxqmpqmy';
const SECTOR = 2048;

function parent(left: Uint8Array, right: Uint8Array): Uint8Array {
  const digest = createHash('sha256').update(left).update(right).digest();
  digest[31] = (digest[31] ?? 0) & 0x3f;
  return new Uint8Array(digest);
}

/** The root over leaves of 32 bytes, by the definition of a Merkle tree. */
function naiveRoot(data: Uint8Array): Uint8Array {
  if (data.length === 32) return data;
  const half = data.length / 2;
  return parent(naiveRoot(data.subarray(0, half)), naiveRoot(data.subarray(half)));
}

const pieceSizes = fc.array(fc.constantFrom(128, 256, 512, 1024), { minLength: 1, maxLength: 6 });

describe('CommD', () => {
  it('of nothing is that of zeroes', () => {
    expect(unsealedCid(commDOfPieces([], SECTOR))).toBe(ZERO_2KIB);
    expect(unsealedCid(zeroCommitment(SECTOR))).toBe(ZERO_2KIB);
  });

  it('is the root over the pieces, each aligned to its own size, and zeroes', () => {
    fc.assert(
      fc.property(pieceSizes, (sizes) => {
        const sector = new Uint8Array(SECTOR);
        let end = 0;
        const pieces = sizes.map((size, index) => {
          const start = Math.ceil(end / size) * size;
          end = start + size;
          const data = new Uint8Array(size).fill(index + 1);
          sector.set(data.subarray(0, Math.max(0, Math.min(size, SECTOR - start))), Math.min(start, SECTOR));
          return { cid: unsealedCid(naiveRoot(data)), size };
        });
        if (end > SECTOR) expect(() => commDOfPieces(pieces, SECTOR)).toThrow('pieces do not fit');
        else expect(toHex(commDOfPieces(pieces, SECTOR))).toBe(toHex(naiveRoot(sector)));
      }),
    );
  });

  it.each([
    ['a size that is no power of two', { cid: ZERO_2KIB, size: 192 }],
    ['a size below 128 bytes', { cid: ZERO_2KIB, size: 64 }],
    [
      'a CID of something else',
      { cid: 'bafy2bzaceantwbpz4h56x5brkceld6znceuk4dfc7qpnuy7x52vqntsbjxc4w', size: 128 },
    ],
  ])('is refused for %s', (_what, piece) => {
    expect(() => commDOfPieces([piece], SECTOR)).toThrow('failed to compute unsealed sector CID');
  });

  it('of two halves is their parent', () => {
    const half = { cid: unsealedCid(zeroCommitment(1024)), size: 1024 };
    expect(commDOfPieces([half, half], SECTOR)).toEqual(zeroCommitment(SECTOR));
    expect(concatBytes(zeroCommitment(32))).toEqual(new Uint8Array(32));
  });
});

import type { Bytes } from '#core';
import { lowestBit, MerkleBuilder, zeroCommitment } from '../commitment/merkle.ts';
import { PADDED_UNIT } from '../commitment/sizes.ts';

/** A piece, or zeros, at its place. All sizes and offsets are padded bytes. */
export interface Placement {
  readonly offset: Bytes;
  readonly size: Bytes;
  /** Which of the pieces given; undefined for zeros. */
  readonly index: number | undefined;
}

/**
 * Where the pieces of a sector lie, in the order given: each at the next multiple of its own size, with zeros
 * (powers of two, as the chain counts them) between them and up to the sector's end.
 * Undefined when they do not fit.
 */
export function placePieces(paddedSizes: readonly Bytes[], sectorBytes: Bytes): Placement[] | undefined {
  const placements: Placement[] = [];
  let end = 0;
  const fillTo = (target: Bytes) => {
    while (end < target) {
      const size = end === 0 ? target : Math.min(lowestBit(end), largestPower(target - end));
      placements.push({ offset: end, size, index: undefined });
      end += size;
    }
  };
  for (const [index, size] of paddedSizes.entries()) {
    fillTo(Math.ceil(end / size) * size);
    placements.push({ offset: end, size, index });
    end += size;
    if (end > sectorBytes) return undefined;
  }
  fillTo(sectorBytes);
  return placements;
}

/** Largest first: so ordered, pieces lie without gaps. Equal sizes stay in their order. */
export function packingOrder<T extends { readonly paddedSize: Bytes }>(pieces: readonly T[]): T[] {
  return pieces.toSorted((a, b) => b.paddedSize - a.paddedSize);
}

/** CommD of a sector that holds these pieces in this order; undefined when they do not fit. */
export function sectorCommitment(
  pieces: readonly { readonly paddedSize: Bytes; readonly commitment: Uint8Array }[],
  sectorBytes: Bytes,
): Uint8Array | undefined {
  const sizes = pieces.map((piece) => piece.paddedSize);
  const placements = placePieces(sizes, sectorBytes);
  if (!placements) return undefined;
  const tree = new MerkleBuilder();
  for (const { size, index } of placements) {
    const piece = index === undefined ? undefined : pieces[index];
    tree.push({ size, root: piece?.commitment ?? zeroCommitment(size) });
  }
  return tree.finish(sectorBytes);
}

/** What is left in a sector for more pieces, when they are packed largest first. */
export function freeSpace(paddedSizes: readonly Bytes[], sectorBytes: Bytes): Bytes {
  const free = sectorBytes - paddedSizes.reduce((sum, size) => sum + size, 0);
  return free < PADDED_UNIT ? 0 : free;
}

function largestPower(value: Bytes): Bytes {
  return 2 ** Math.floor(Math.log2(value));
}

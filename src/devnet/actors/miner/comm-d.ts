import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, parsePieceCid } from '#codec';
import type { Bytes, CidString } from '#core';
import { illegalArgument } from '../actor-error.ts';

const NODE_BYTES = 32;
const MIN_PIECE = 128;

interface Subtree {
  readonly size: Bytes;
  readonly commitment: Uint8Array;
}

/** A node over two: SHA-256 with the two highest bits cleared, so that it is a field element. */
function parent(left: Uint8Array, right: Uint8Array): Uint8Array {
  const digest = sha256(concatBytes(left, right));
  digest[NODE_BYTES - 1] = (digest[NODE_BYTES - 1] ?? 0) & 0x3f;
  return digest;
}

const zeroes: Uint8Array[] = [new Uint8Array(NODE_BYTES)];

/** The commitment of `size` zero bytes, a power of two. */
export function zeroCommitment(size: Bytes): Uint8Array {
  const height = Math.log2(size / NODE_BYTES);
  for (let level = zeroes.length; level <= height; level++) {
    const below = zeroes[level - 1] ?? new Uint8Array(NODE_BYTES);
    zeroes.push(parent(below, below));
  }
  return zeroes[height] ?? new Uint8Array(NODE_BYTES);
}

/**
 * CommD of a sector whose pieces stand in the given order, each at the next multiple of its own padded size, with
 * zeroes between and after. Source: FVM `compute_unsealed_sector_cid`.
 * @throws ActorError illegal argument, when they do not fit
 */
export function commDOfPieces(
  pieces: readonly { readonly cid: CidString; readonly size: Bytes }[],
  sectorSize: Bytes,
): Uint8Array {
  const fail = (detail: string) => illegalArgument(`failed to compute unsealed sector CID: ${detail}`);
  const stack: Subtree[] = [];
  let filled = 0;
  const push = (tree: Subtree): void => {
    filled += tree.size;
    let top = tree;
    for (let left = stack.at(-1); left?.size === top.size; left = stack.at(-1)) {
      stack.pop();
      top = { size: top.size * 2, commitment: parent(left.commitment, top.commitment) };
    }
    stack.push(top);
  };
  const padTo = (multiple: Bytes): void => {
    while (filled % multiple !== 0) {
      const size = lowestPower(filled);
      push({ size, commitment: zeroCommitment(size) });
    }
  };
  for (const piece of pieces) {
    if (piece.size < MIN_PIECE || !Number.isInteger(Math.log2(piece.size)))
      throw fail(`piece size ${piece.size} is not a power of two of at least ${MIN_PIECE}`);
    padTo(piece.size);
    if (filled + piece.size > sectorSize) throw fail('pieces do not fit the sector');
    push({ size: piece.size, commitment: pieceCommitment(piece.cid) });
  }
  if (stack.length === 0) return zeroCommitment(sectorSize);
  padTo(sectorSize);
  return stack[0]?.commitment ?? zeroCommitment(sectorSize);
}

function pieceCommitment(cid: CidString): Uint8Array {
  try {
    return parsePieceCid(cid).commitment;
  } catch (cause) {
    throw illegalArgument(`failed to compute unsealed sector CID: ${(cause as Error).message}`);
  }
}

/** The largest power of two that divides `value`. */
function lowestPower(value: number): number {
  let power = 1;
  while (value % (power * 2) === 0) power *= 2;
  return power;
}

import type { Bytes } from '#core';
import { fr32Pad } from './fr32.ts';
import { MerkleBuilder } from './merkle.ts';
import { PAYLOAD_UNIT, paddedSizeFor } from './sizes.ts';

export interface PieceCommitment {
  /** CommP, 32 bytes. */
  readonly commitment: Uint8Array;
  /** Bytes of data. */
  readonly size: Bytes;
  /** The padded power of two that it occupies. */
  readonly paddedSize: Bytes;
}

/** 8,128 units, about 1 MiB: data is padded and hashed in such steps. */
const STEP = 8_128 * PAYLOAD_UNIT;

/**
 * CommP of a stream of bytes, zero-filled up to its padded power of two; a larger `paddedSize` may be asked for. About
 * 20 to 40 MB/s: the sealer is for large files.
 */
export async function pieceCommitment(
  data: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  paddedSize?: Bytes,
): Promise<PieceCommitment> {
  const tree = new MerkleBuilder();
  const pending = new Uint8Array(STEP);
  let filled = 0;
  let size = 0;
  for await (const chunk of data) {
    size += chunk.length;
    for (let offset = 0; offset < chunk.length; ) {
      const part = chunk.subarray(offset, offset + STEP - filled);
      pending.set(part, filled);
      filled += part.length;
      offset += part.length;
      if (filled === STEP) {
        tree.pushLeaves(fr32Pad(pending));
        filled = 0;
      }
    }
  }
  const rest = Math.ceil(filled / PAYLOAD_UNIT) * PAYLOAD_UNIT;
  pending.fill(0, filled, rest);
  if (rest > 0) tree.pushLeaves(fr32Pad(pending.subarray(0, rest)));
  const padded = paddedSize ?? paddedSizeFor(size);
  return { commitment: tree.finish(padded), size, paddedSize: padded };
}

import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { Bytes } from '#core';
import type { ResidentSealer, SealerClient } from '#sealer';
import { type PieceCommitment, pieceCommitment } from './piece-commitment.ts';

/** Computes CommP of a file. */
export type PieceHasher = (path: string) => Promise<PieceCommitment>;

/** Below this the start of a request costs more than the computation. */
const WORTH_A_REQUEST: Bytes = 16 * 1024 * 1024;

/** In this process, one core. */
export const hashInProcess: PieceHasher = (path) =>
  pieceCommitment(createReadStream(path, { highWaterMark: 1024 * 1024 }));

/** By a sealer on this host, for large files; small ones in this process. */
export function hashBySealer(sealer: Pick<SealerClient | ResidentSealer, 'request'>): PieceHasher {
  return async (path) => {
    if ((await stat(path)).size < WORTH_A_REQUEST) return hashInProcess(path);
    const id = `piece-${randomUUID()}`;
    const { result } = await sealer.request('piece-commitment', { path }, { id });
    // Only its journal entry goes; a failure to forget costs a few bytes there.
    await sealer.request('forget', { id }).catch(() => undefined);
    const commitment = Uint8Array.from(Buffer.from(result.comm_p, 'hex'));
    return { commitment, size: result.size, paddedSize: result.padded_size };
  };
}

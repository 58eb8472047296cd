import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { BeeproError, type Bytes } from '#core';
import type { PieceRow } from '#db';
import { storageError } from '#storage';
import { fr32Unpad } from '../commitment/fr32.ts';
import { PADDED_UNIT, payloadOf } from '../commitment/sizes.ts';
import type { RetrievalPlan } from './plan-retrieval.ts';

/** 8,192 units: 1 MiB of padded data. */
const STEP: Bytes = 8_192 * PADDED_UNIT;

/**
 * Writes a piece's bytes to `out` from a copy that can be read at once, and checks them against the sha256 of what
 * was added. `out` appears only when it is whole and right.
 * @throws BeeproError `PIECE_DATA_DIFFERS`, `STORAGE_…`
 */
export async function writePiece(
  plan: Extract<RetrievalPlan, { way: 'stored' | 'unsealed' }>,
  out: string,
  onBytes: (bytes: Bytes) => void = () => undefined,
): Promise<void> {
  const { piece, path } = plan;
  const temporary = `${out}.${randomUUID().slice(0, 8)}.tmp`;
  try {
    const source = await opened(path, 'r');
    try {
      const target = await opened(temporary, 'wx');
      try {
        const chunks =
          plan.way === 'stored' ? readPlain(source, piece) : readUnpadded(source, plan.paddedOffset, piece);
        const digest = createHash('sha256');
        let written = 0;
        for await (const chunk of chunks) {
          digest.update(chunk);
          await target.appendFile(chunk);
          written += chunk.length;
          onBytes(chunk.length);
        }
        if (written !== piece.raw_size || digest.digest('hex') !== piece.sha256) {
          throw new BeeproError('PIECE_DATA_DIFFERS', { cid: piece.cid, path });
        }
        await target.sync();
      } finally {
        await target.close();
      }
    } finally {
      await source.close();
    }
    await rename(temporary, out);
  } catch (error) {
    await rm(temporary, { force: true });
    throw storageError(error, out);
  }
}

async function* readPlain(source: FileHandle, piece: PieceRow): AsyncGenerator<Buffer> {
  for (let offset = 0; offset < piece.raw_size; offset += STEP) {
    yield await readRange(source, offset, Math.min(STEP, piece.raw_size - offset));
  }
}

async function* readUnpadded(source: FileHandle, from: Bytes, piece: PieceRow): AsyncGenerator<Uint8Array> {
  let left = piece.raw_size;
  for (let offset = 0; left > 0; offset += STEP) {
    const length = Math.min(STEP, Math.ceil(left / payloadOf(PADDED_UNIT)) * PADDED_UNIT);
    const payload = fr32Unpad(await readRange(source, from + offset, length)).subarray(0, left);
    left -= payload.length;
    yield payload;
  }
}

/** A file that ends early gives less; the digest tells. */
async function readRange(source: FileHandle, position: Bytes, length: Bytes): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await source.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer;
}

async function opened(path: string, flags: string): Promise<FileHandle> {
  try {
    return await open(path, flags, 0o640);
  } catch (error) {
    throw storageError(error, path);
  }
}

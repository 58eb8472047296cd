import { constants } from 'node:fs';
import { access, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { unsealedCid } from '#codec';
import { type ActorId, BeeproError, type Bytes } from '#core';
import {
  type Database,
  findPiece,
  insertPiece,
  isDuplicateKey,
  listPiecesByCid,
  type NewPiece,
  type PieceRow,
  transaction,
} from '#db';
import type { CopyOptions } from '#storage';
import { hashInProcess, type PieceHasher } from '../commitment/piece-hasher.ts';
import { paddedSizeFor, payloadOf } from '../commitment/sizes.ts';
import { readCarHeader } from './car-header.ts';
import type { PieceNotification } from './notification.ts';
import type { IncomingCopy, PieceStore } from './piece-store.ts';

export interface AddPieceModules {
  readonly database: Database;
  readonly store: PieceStore;
  /** Default: in this process. */
  readonly hash?: PieceHasher | undefined;
}

export interface AddPieceRequest {
  readonly path: string;
  /** For whom it is sealed, and what one of its sectors holds. */
  readonly miner: ActorId;
  readonly sectorBytes: Bytes;
  readonly format: 'file' | 'car';
  /** How it is listed; default the file's name. */
  readonly name?: string;
  /** Seal the same data once more, although it is known. */
  readonly again?: boolean;
  /** Whom the chain tells of it when it is proven; default nobody. */
  readonly notify?: PieceNotification | undefined;
}

export interface AddPieceOptions extends CopyOptions {
  /** The copy is made and verified; its commitment is computed next. */
  readonly onCopied?: () => void;
}

export interface AddedPiece {
  readonly piece: PieceRow;
  /** False: the same data had been added before, and nothing was changed. */
  readonly isNew: boolean;
}

/**
 * Takes an operator's file in as a piece: copies it into the store, computes its commitment from that copy, and
 * records it, to be packed into a sector. Adding the same data again finds the piece that is there.
 * @throws BeeproError `PIECE_EMPTY`, `PIECE_TOO_LARGE`, `PIECE_NOT_A_FILE`, `PIECE_NOT_A_CAR`, `STORAGE_…`; nothing
 * is left behind then
 */
export async function addPiece(
  modules: AddPieceModules,
  request: AddPieceRequest,
  options: AddPieceOptions = {},
): Promise<AddedPiece> {
  const { store, hash = hashInProcess } = modules;
  await checkPieceFile(request);
  const copy = await store.takeIn(request.path, options);
  try {
    options.onCopied?.();
    const { commitment, paddedSize } = await hash(copy.path);
    const cid = unsealedCid(commitment);
    for (;;) {
      const known = await listPiecesByCid(modules.database.kysely, cid);
      const present = known.find((piece) => piece.status !== 'removed');
      if (present && !request.again)
        return { piece: requireSameNotification(present, request), isNew: false };
      const number = known.reduce((highest, piece) => Math.max(highest, piece.copy + 1), 0);
      const piece = {
        cid,
        copy: number,
        miner: request.miner,
        raw_size: copy.size,
        padded_size: paddedSize,
        name: (request.name ?? basename(request.path)).slice(0, 512),
        format: request.format,
        path: store.pathOf(cid, number),
        sha256: copy.sha256,
        notify_address: request.notify?.address ?? null,
        notify_payload: request.notify?.payload ?? null,
      };
      const added = await record(modules, piece, copy);
      if (added) return { piece: added, isNew: true };
    }
  } finally {
    await store.drop(copy);
  }
}

/** What is on its way tells whom it was added for: nobody else is told in silence, and nobody forgotten. */
function requireSameNotification(piece: PieceRow, { path, notify }: AddPieceRequest): PieceRow {
  const isSame = piece.notify_address === notify?.address && piece.notify_payload === notify.payload;
  if (!notify || isSame) return piece;
  const detail = `${path} was added before, to notify ${piece.notify_address ?? 'nobody'}: add it once more with --again`;
  throw new BeeproError('INPUT_INVALID', { what: '--notify', detail });
}

/** The regular files in a folder and below it, in the order of their names; a file stands for itself. */
export async function listFiles(path: string): Promise<string[]> {
  const entry = await statOrFail(path);
  if (!entry.isDirectory()) return [path];
  const names = await readdir(path, { withFileTypes: true, recursive: true });
  return names
    .filter((name) => name.isFile())
    .map((name) => join(name.parentPath, name.name))
    .toSorted();
}

/** Row and file become final together; undefined when somebody else took this copy's number meanwhile. */
async function record(
  { database, store }: AddPieceModules,
  piece: NewPiece,
  copy: IncomingCopy,
): Promise<PieceRow | undefined> {
  try {
    return await transaction(database, async (trx) => {
      const id = await insertPiece(trx, piece);
      // Before the commit, so that a row always has its file. It may be done again when the transaction is.
      await store.keep(copy, piece.cid, piece.copy ?? 0);
      return findPiece(trx, id);
    });
  } catch (error) {
    if (isDuplicateKey(error)) return undefined;
    throw error;
  }
}

/**
 * Whether a file can be a piece of this miner, without reading more than its beginning; returns its size.
 * @throws BeeproError `PIECE_EMPTY`, `PIECE_TOO_LARGE`, `PIECE_NOT_A_FILE`, `PIECE_NOT_A_CAR`
 */
export async function checkPieceFile(request: AddPieceRequest): Promise<Bytes> {
  const { path, sectorBytes, miner } = request;
  const entry = await statOrFail(path);
  if (!entry.isFile()) throw new BeeproError('PIECE_NOT_A_FILE', { path, detail: 'it is something else' });
  try {
    await access(path, constants.R_OK);
  } catch (cause) {
    throw new BeeproError('PIECE_NOT_A_FILE', { path, detail: 'this user may not read it' }, { cause });
  }
  if (entry.size === 0) throw new BeeproError('PIECE_EMPTY', { path });
  const padded = paddedSizeFor(entry.size);
  if (padded > sectorBytes) {
    const data = { path, padded, sector: sectorBytes, miner: `t0${miner}`, payload: payloadOf(sectorBytes) };
    throw new BeeproError('PIECE_TOO_LARGE', data);
  }
  if (request.format === 'car') await readCarHeader(path);
  return entry.size;
}

async function statOrFail(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new BeeproError('PIECE_NOT_A_FILE', { path, detail }, { cause });
  }
}

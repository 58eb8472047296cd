import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment, Settings } from '#config';
import { type ActorId, BeeproError, type Bytes, isSectorSize, sectorBytes } from '#core';
import { type Database, findMiner, listMiners, type MinerRow } from '#db';
import { type AddedPiece, addPiece, listFiles, PieceStore } from '#pieces';

export interface AddPiecesModules {
  readonly db: Database;
  readonly settings: Settings;
  readonly environment: Environment;
}

export interface AddPiecesRequest {
  /** Files, and folders of files. */
  readonly paths: readonly string[];
  /** Default: the only miner there is. */
  readonly miner?: ActorId | undefined;
  readonly format: 'file' | 'car';
  readonly again?: boolean;
  readonly onProgress?: (path: string, done: Bytes, total: Bytes) => void;
  readonly signal?: AbortSignal;
}

export interface AddedFile extends AddedPiece {
  readonly path: string;
}

/**
 * Adds files as pieces, one after the other; the sealing role packs them. What was added before an error stays added,
 * and adding it again changes nothing.
 * @throws BeeproError `MINER_UNKNOWN`, `INPUT_INVALID`, and as `addPiece` of `#pieces`
 */
export async function addPieces(modules: AddPiecesModules, request: AddPiecesRequest): Promise<AddedFile[]> {
  const { db, settings, environment } = modules;
  const { paths, format, again = false, onProgress, signal } = request;
  const miner = await minerOf(db, request.miner);
  const size = miner.sector_size;
  if (!isSectorSize(size))
    throw new BeeproError('MINER_SECTOR_SIZE_UNKNOWN', { miner: miner.id, bytes: size });
  const store = new PieceStore(settings.get('piece.store') || join(environment.stateDir, 'pieces'));
  const files = (await Promise.all(paths.map(listFiles))).flat();
  const added: AddedFile[] = [];
  for (const path of files) {
    const { size: bytes } = await stat(path);
    const piece = await addPiece(
      { database: db, store },
      { path, miner: miner.id, sectorBytes: sectorBytes(size), format, again },
      // The copy is read back: every byte is done twice.
      { signal, onBytes: (done) => onProgress?.(path, done, 2 * bytes) },
    );
    added.push({ path, ...piece });
  }
  return added;
}

async function minerOf(db: Database, id: ActorId | undefined): Promise<MinerRow> {
  if (id !== undefined) {
    const miner = await findMiner(db.kysely, id);
    if (!miner) throw new BeeproError('MINER_UNKNOWN', { miner: `t0${id}` });
    return miner;
  }
  const miners = await listMiners(db.kysely);
  const [only] = miners;
  if (only && miners.length === 1) return only;
  const detail = only
    ? 'there are several miners: say which'
    : 'there is no miner yet: add one with beepro miner add';
  throw new BeeproError('INPUT_INVALID', { what: '--miner', detail });
}

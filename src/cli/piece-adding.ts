import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment, Settings } from '#config';
import { type ActorId, BeeproError, type Bytes, isBeeproError, isSectorSize, sectorBytes } from '#core';
import { type Database, findMiner, listMiners, type MinerRow } from '#db';
import {
  type AddedPiece,
  addPiece,
  checkPieceFile,
  hashBySealer,
  hashInProcess,
  listFiles,
  type PieceHasher,
  PieceStore,
  parseNotification,
} from '#pieces';
import { pieceStoreFolder } from '#roles';
import { ResidentSealer } from '#sealer';

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
  /** Whom the chain tells of each piece when it is proven: `ADDRESS:HEXPAYLOAD`. */
  readonly notify?: string | undefined;
  readonly onProgress?: (progress: AddingProgress) => void;
  readonly signal?: AbortSignal;
}

export interface AddingProgress {
  readonly path: string;
  readonly step: 'copying' | 'computing the commitment';
  /** Of the step, 0 to 1; undefined where that is unknown. */
  readonly fraction: number | undefined;
}

export interface AddedFile extends AddedPiece {
  readonly path: string;
}

export interface AddedFiles {
  readonly added: readonly AddedFile[];
  /** Empty files of the folders: there is nothing of them to be sealed. */
  readonly leftOut: readonly string[];
}

interface PieceFile {
  readonly path: string;
  readonly bytes: Bytes;
}

/**
 * Adds files as pieces, one after the other; the sealing role packs them. All are looked at before the first is added.
 * What was added before an error stays added, and adding it again changes nothing.
 * @throws BeeproError `MINER_UNKNOWN`, `INPUT_INVALID`, and as `addPiece` of `#pieces`
 */
export async function addPieces(modules: AddPiecesModules, request: AddPiecesRequest): Promise<AddedFiles> {
  const { db, settings, environment } = modules;
  const { format, again = false, onProgress, signal } = request;
  const notify = request.notify === undefined ? undefined : parseNotification(request.notify);
  const miner = await minerOf(db, request.miner);
  const size = miner.sector_size;
  if (!isSectorSize(size))
    throw new BeeproError('MINER_SECTOR_SIZE_UNKNOWN', { miner: miner.id, bytes: size });
  const rules = { miner: miner.id, sectorBytes: sectorBytes(size), format, again };
  const { files, leftOut } = await look(request.paths, rules);
  const store = new PieceStore(pieceStoreFolder(settings, environment));
  await using hasher = openHasher(environment);
  const added: AddedFile[] = [];
  for (const { path, bytes } of files) {
    let copied = 0;
    const piece = await addPiece(
      { database: db, store, hash: hasher.hash },
      { path, ...rules, notify },
      {
        signal,
        onBytes: (count) => {
          copied += count;
          // Every byte is copied and read back.
          onProgress?.({ path, step: 'copying', fraction: copied / (2 * bytes) });
        },
        onCopied: () => onProgress?.({ path, step: 'computing the commitment', fraction: undefined }),
      },
    );
    added.push({ path, ...piece });
  }
  return { added, leftOut };
}

/** Finds out what cannot be added while nothing is added yet. */
async function look(
  paths: readonly string[],
  rules: Omit<Parameters<typeof checkPieceFile>[0], 'path'>,
): Promise<{ files: PieceFile[]; leftOut: string[] }> {
  const files: PieceFile[] = [];
  const leftOut: string[] = [];
  for (const given of paths) {
    for (const path of await listFiles(given)) {
      try {
        files.push({ path, bytes: await checkPieceFile({ path, ...rules }) });
      } catch (error) {
        if (path === given || !isBeeproError(error, 'PIECE_EMPTY')) throw error;
        leftOut.push(path);
      }
    }
  }
  return { files, leftOut };
}

/** Large files by a sealer of this host, where there is one: it is started when the first comes. */
function openHasher({ sealerBin, stateDir }: Environment): AsyncDisposable & { readonly hash: PieceHasher } {
  if (!sealerBin) return { hash: hashInProcess, [Symbol.asyncDispose]: async () => undefined };
  const folder = join(stateDir, 'piece-adding', randomUUID());
  const sealer = new ResidentSealer({ bin: sealerBin }, folder);
  const close = async (): Promise<void> => {
    await sealer.close();
    await rm(folder, { recursive: true, force: true });
  };
  return { hash: hashBySealer(sealer), [Symbol.asyncDispose]: close };
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

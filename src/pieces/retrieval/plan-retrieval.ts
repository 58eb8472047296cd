import { join } from 'node:path';
import { parsePieceCid, toHex } from '#codec';
import { BeeproError, type Bytes, type CidString, type SectorId } from '#core';
import {
  type Executor,
  type LandedFileRow,
  listLandedFiles,
  listPiecesByCid,
  listStoragePaths,
  type PieceRow,
  type StoragePathRow,
} from '#db';
import { payloadOf } from '../commitment/sizes.ts';

/** What the `unseal` phase takes as its input; sizes and offsets are payload bytes, `paddedSize` aside. */
export interface UnsealRequest {
  readonly out: string;
  readonly offset: Bytes;
  readonly size: Bytes;
  readonly commP: string;
  readonly paddedSize: Bytes;
}

/** A way to get a piece's bytes back. */
export type RetrievalPlan =
  /** The copy made when it was added is still there. */
  | { readonly way: 'stored'; readonly piece: PieceRow; readonly path: string }
  /** The sector's unsealed copy was kept: fr32-padded, the piece at `paddedOffset`. */
  | {
      readonly way: 'unsealed';
      readonly piece: PieceRow;
      readonly path: string;
      readonly paddedOffset: Bytes;
    }
  /** Only the sealed sector is left: a run of the unseal phase, hours at 32 GiB. */
  | {
      readonly way: 'unseal';
      readonly piece: PieceRow;
      readonly sector: SectorId;
      readonly request: UnsealRequest;
    };

export interface RetrievalFacts {
  readonly copies: readonly PieceRow[];
  readonly landed: ReadonlyMap<number, readonly LandedFileRow[]>;
  readonly paths: readonly StoragePathRow[];
}

export type RetrievalWay = RetrievalPlan['way'];

/**
 * Every way to get a piece back, from all its copies, the preferred first. Pure.
 * @param ways those that may be used, for an operator who wants to see the sealed sector itself work
 * @throws BeeproError `PIECE_UNKNOWN`, and `PIECE_NOT_RETRIEVABLE` where there is no way
 */
export function planRetrieval(
  cid: CidString,
  out: string,
  facts: RetrievalFacts,
  ways: readonly RetrievalWay[] = ['stored', 'unsealed', 'unseal'],
): readonly [RetrievalPlan, ...RetrievalPlan[]] {
  const copies = facts.copies.filter((piece) => piece.status !== 'removed');
  if (copies.length === 0) throw new BeeproError('PIECE_UNKNOWN', { cid });
  const plans = copies.flatMap((piece) => plansFor(piece, out, facts));
  const [first, ...others] = ways.flatMap((way) => plans.filter((plan) => plan.way === way));
  if (first) return [first, ...others];
  const places = copies.map((piece) =>
    piece.number === null
      ? 'it is in no sector yet'
      : `sector t0${piece.miner}/${piece.number} has not landed`,
  );
  const detail = [...new Set(plans.length > 0 ? ['not in the way that was asked for'] : places)].join('; ');
  throw new BeeproError('PIECE_NOT_RETRIEVABLE', { cid, detail });
}

/** Reads what {@link planRetrieval} decides from. */
export async function retrievalFacts(executor: Executor, cid: CidString): Promise<RetrievalFacts> {
  const copies = await listPiecesByCid(executor, cid);
  const landed = new Map<number, readonly LandedFileRow[]>();
  for (const { id, miner, number } of copies) {
    if (miner !== null && number !== null) landed.set(id, await listLandedFiles(executor, { miner, number }));
  }
  return { copies, landed, paths: await listStoragePaths(executor) };
}

function plansFor(piece: PieceRow, out: string, facts: RetrievalFacts): RetrievalPlan[] {
  const plans: RetrievalPlan[] = [];
  if (piece.path !== null) plans.push({ way: 'stored', piece, path: piece.path });
  const { miner, number, sector_offset: paddedOffset } = piece;
  if (miner === null || number === null || paddedOffset === null) return plans;
  const files = facts.landed.get(piece.id) ?? [];
  const unsealed = files.find((file) => file.kind === 'unsealed');
  const root = facts.paths.find((path) => path.id === unsealed?.storage_id && path.state !== 'removed');
  if (unsealed && root) {
    plans.push({ way: 'unsealed', piece, path: join(root.path, unsealed.path), paddedOffset });
  }
  if (files.some((file) => file.kind === 'sealed')) {
    const request: UnsealRequest = {
      out,
      offset: payloadOf(paddedOffset),
      size: piece.raw_size,
      commP: toHex(parsePieceCid(piece.cid).commitment),
      paddedSize: piece.padded_size,
    };
    plans.push({ way: 'unseal', piece, sector: { miner, number }, request });
  }
  return plans;
}

import type { Insertable, Selectable } from 'kysely';
import type { Bytes, CidString, SectorId } from '#core';
import type { Executor, Trx } from '../database.ts';
import type { PieceTable } from '../schema.ts';
import { insertedId, updatedRows } from './affected.ts';

export type PieceRow = Selectable<PieceTable>;
export type NewPiece = Pick<
  Insertable<PieceTable>,
  'cid' | 'copy' | 'raw_size' | 'padded_size' | 'name' | 'format' | 'path' | 'sha256'
>;

/** The driver's error 1062 (`isDuplicateKey`) when this copy of the piece is known. */
export async function insertPiece(trx: Executor, piece: NewPiece): Promise<number> {
  return insertedId(await trx.insertInto('piece').values(piece).executeTakeFirstOrThrow());
}

export async function findPiece(executor: Executor, id: number): Promise<PieceRow | undefined> {
  return executor.selectFrom('piece').selectAll().where('id', '=', id).executeTakeFirst();
}

/** Every copy of a piece, the first one first. */
export async function listPiecesByCid(executor: Executor, cid: CidString): Promise<PieceRow[]> {
  return executor.selectFrom('piece').selectAll().where('cid', '=', cid).orderBy('copy').execute();
}

/** The pieces of a sector in the order of its manifest. */
export async function listPiecesOfSector(executor: Executor, id: SectorId): Promise<PieceRow[]> {
  return executor
    .selectFrom('piece')
    .selectAll()
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .orderBy('sector_index')
    .execute();
}

export interface PiecePage {
  readonly statuses?: readonly PieceRow['status'][];
  readonly afterId?: number;
  readonly limit: number;
}

export async function listPieces(executor: Executor, page: PiecePage): Promise<PieceRow[]> {
  let query = executor
    .selectFrom('piece')
    .selectAll()
    .where('id', '>', page.afterId ?? 0)
    .orderBy('id')
    .limit(page.limit);
  if (page.statuses !== undefined) query = query.where('status', 'in', page.statuses);
  return query.execute();
}

export interface PiecePlace extends SectorId {
  readonly index: number;
  /** Padded offset in the sector, bytes. */
  readonly offset: Bytes;
}

/** Puts a stored piece into a sector, whose lock the caller holds; false when it was already put somewhere. */
export async function assignPiece(trx: Trx, pieceId: number, place: PiecePlace): Promise<boolean> {
  const result = await trx
    .updateTable('piece')
    .set({
      status: 'packed',
      miner: place.miner,
      number: place.number,
      sector_index: place.index,
      sector_offset: place.offset,
    })
    .where('id', '=', pieceId)
    .where('status', '=', 'stored')
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/** Takes the pieces out of a sector that will not be sealed: they are `stored` again and can be packed anew. */
export async function releasePieces(trx: Trx, id: SectorId): Promise<number> {
  const result = await trx
    .updateTable('piece')
    .set({ status: 'stored', miner: null, number: null, sector_index: null, sector_offset: null })
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .where('status', '=', 'packed')
    .executeTakeFirst();
  return updatedRows(result);
}

/** The sector's prove-commit is final: its pieces are on chain. */
export async function markPiecesSealed(trx: Trx, id: SectorId): Promise<void> {
  await trx
    .updateTable('piece')
    .set({ status: 'sealed' })
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .where('status', '=', 'packed')
    .execute();
}

/** The stored copy is gone (or about to be: the row goes first). */
export async function forgetPieceCopy(trx: Executor, pieceId: number): Promise<void> {
  await trx.updateTable('piece').set({ path: null }).where('id', '=', pieceId).execute();
}

/** Drops a piece that lies in no sector; false when it does. */
export async function removePiece(trx: Executor, pieceId: number): Promise<boolean> {
  const result = await trx
    .updateTable('piece')
    .set({ status: 'removed', path: null })
    .where('id', '=', pieceId)
    .where('status', '=', 'stored')
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

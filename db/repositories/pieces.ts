import { type Insertable, type Selectable, sql } from 'kysely';
import type { ActorId, Bytes, CidString, SectorId } from '#core';
import type { Executor, Trx } from '../database.ts';
import type { PieceTable } from '../schema/index.ts';
import { insertedId, updatedRows } from './affected.ts';

export type PieceRow = Selectable<PieceTable>;
export type NewPiece = Pick<
  Insertable<PieceTable>,
  'cid' | 'copy' | 'miner' | 'raw_size' | 'padded_size' | 'name' | 'format' | 'path' | 'sha256'
> &
  Partial<Pick<Insertable<PieceTable>, 'notify_address' | 'notify_payload'>>;

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

/** Pieces of a miner that lie in no sector yet, oldest first. */
export async function listStoredPieces(
  executor: Executor,
  miner: ActorId,
  limit: number,
): Promise<PieceRow[]> {
  return executor
    .selectFrom('piece')
    .selectAll()
    .where('status', '=', 'stored')
    .where('miner', '=', miner)
    .orderBy('id')
    .limit(limit)
    .execute();
}

export interface PiecePlace {
  readonly pieceId: number;
  /** Padded offset in the sector, bytes. */
  readonly offset: Bytes;
}

/**
 * Gives a collecting sector its pieces, the new ones and those it had, in the order of its manifest. The caller
 * holds the sector's lock and has found the new ones `stored` in this transaction.
 */
export async function placePiecesInSector(
  trx: Trx,
  id: SectorId,
  places: readonly PiecePlace[],
): Promise<void> {
  // Out of the way first: an index is unique within its sector at every moment.
  await trx
    .updateTable('piece')
    .set({ sector_index: null })
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .execute();
  for (const [index, { pieceId, offset }] of places.entries()) {
    await trx
      .updateTable('piece')
      .set({
        miner: id.miner,
        number: id.number,
        status: 'packed',
        sector_index: index,
        sector_offset: offset,
      })
      .where('id', '=', pieceId)
      .execute();
  }
}

export interface CollectingSector extends SectorId {
  readonly sealProof: number;
  /** Milliseconds since it was opened, by the server's clock. */
  readonly waitedMs: number;
  readonly paddedSizes: readonly Bytes[];
}

/** Sectors of a miner that collect pieces, oldest first, with what they hold. */
export async function listCollectingSectors(executor: Executor, miner: ActorId): Promise<CollectingSector[]> {
  const rows = await executor
    .selectFrom('sector')
    .leftJoin('piece', (join) =>
      join.onRef('piece.miner', '=', 'sector.miner').onRef('piece.number', '=', 'sector.number'),
    )
    .select(['sector.number', 'sector.seal_proof', 'piece.padded_size'])
    .select(sql<number>`TIMESTAMPDIFF(MICROSECOND, sector.state_at, NOW(3)) DIV 1000`.as('waited_ms'))
    .where('sector.state', '=', 'Packing')
    .where('sector.miner', '=', miner)
    .orderBy('sector.number')
    .orderBy('piece.sector_index')
    .execute();
  return [...Map.groupBy(rows, (row) => row.number)].map(([number, group]) => ({
    miner,
    number,
    sealProof: group[0]?.seal_proof ?? 0,
    waitedMs: group[0]?.waited_ms ?? 0,
    paddedSizes: group.flatMap((row) => (row.padded_size === null ? [] : [row.padded_size])),
  }));
}

/** Takes the pieces out of a sector that will not be sealed: they are `stored` again and can be packed anew. */
export async function releasePieces(trx: Trx, id: SectorId): Promise<number> {
  const result = await trx
    .updateTable('piece')
    .set({ status: 'stored', number: null, sector_index: null, sector_offset: null })
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

export interface SealedCopy extends SectorId {
  readonly path: string;
}

/** Stored copies whose sector is final on chain. Reads every sealed piece: not for every second. */
export async function listSealedCopies(executor: Executor, limit: number): Promise<SealedCopy[]> {
  const rows = await executor
    .selectFrom('piece')
    .select(['miner', 'number', 'path'])
    .where('status', '=', 'sealed')
    .where('path', 'is not', null)
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.flatMap(({ miner, number, path }) =>
    miner === null || number === null || path === null ? [] : [{ miner, number, path }],
  );
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

/** The pieces of many sectors of a miner, each in the order of its manifest. */
export async function listPiecesOfSectors(
  executor: Executor,
  miner: ActorId,
  numbers: readonly number[],
): Promise<Map<number, PieceRow[]>> {
  const bySector = new Map<number, PieceRow[]>();
  if (numbers.length === 0) return bySector;
  const rows = await executor
    .selectFrom('piece')
    .selectAll()
    .where('miner', '=', miner)
    .where('number', 'in', numbers)
    .orderBy('number')
    .orderBy('sector_index')
    .execute();
  for (const row of rows) {
    if (row.number === null) continue;
    const pieces = bySector.get(row.number) ?? [];
    pieces.push(row);
    bySector.set(row.number, pieces);
  }
  return bySector;
}

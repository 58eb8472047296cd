import {
  type Insertable,
  type RawBuilder,
  type Selectable,
  type SqlBool,
  sql,
  type UpdateObject,
} from 'kysely';
import {
  type ActorId,
  BeeproError,
  type Phase,
  type SectorId,
  type SectorNumber,
  type SectorState,
  sectorName,
} from '#core';
import type { Executor, Trx } from '../database.ts';
import type { SectorTable, Tables } from '../schema/index.ts';
import { updatedRows } from './affected.ts';
import { serverNow } from './server-time.ts';

export type SectorRow = Selectable<SectorTable>;
export type NewSector = Omit<Insertable<SectorTable>, 'recoveries' | 'commit1_output'>;
/** Columns to change, in the shapes they are read in; JSON columns as values. */
export type SectorPatch = Partial<Omit<SectorRow, 'miner' | 'number' | 'created_at' | 'state_at'>>;

/** The driver's error 1062 (`isDuplicateKey`) when the number is taken. */
export async function insertSector(trx: Executor, sector: NewSector): Promise<void> {
  await trx
    .insertInto('sector')
    .values({ ...sector, recoveries: '{}' })
    .execute();
}

export async function findSector(executor: Executor, id: SectorId): Promise<SectorRow | undefined> {
  return executor
    .selectFrom('sector')
    .selectAll()
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .executeTakeFirst();
}

/** A sector's row with the name of its miner's network. */
export async function findSectorOnNetwork(
  executor: Executor,
  id: SectorId,
): Promise<{ readonly row: SectorRow; readonly network: string } | undefined> {
  const found = await executor
    .selectFrom('sector')
    .leftJoin('miner', 'miner.id', 'sector.miner')
    .selectAll('sector')
    .select('miner.network')
    .where('sector.miner', '=', id.miner)
    .where('sector.number', '=', id.number)
    .executeTakeFirst();
  if (!found) return undefined;
  const { network, ...row } = found;
  return { row, network: network ?? '' };
}

/**
 * Locks the sector's row until the transaction ends. Every transaction that touches a sector, its runs, its pieces or
 * its landed files does this first: it is what orders them, and keeps them from deadlocks.
 * @throws BeeproError `NOT_FOUND`
 */
export async function lockSector(trx: Trx, id: SectorId): Promise<SectorRow> {
  return (await lockSectorAt(trx, id)).row;
}

/** A sector's row under its lock, and the server's clock. */
export interface LockedSector {
  readonly row: SectorRow;
  readonly now: Date;
}

/** As {@link lockSector}. @throws BeeproError `NOT_FOUND` */
export async function lockSectorAt(trx: Trx, id: SectorId): Promise<LockedSector> {
  const found = await trx
    .selectFrom('sector')
    .selectAll()
    .select(serverNow.as('now'))
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .forUpdate()
    .executeTakeFirst();
  if (!found) throw new BeeproError('NOT_FOUND', { what: 'sector', name: sectorName(id) });
  const { now, ...row } = found;
  return { row, now };
}

/** A sector's row under its lock, the phases that have an unfinished run, and the server's clock. */
export interface LockedWithRuns extends LockedSector {
  readonly active: readonly Phase[];
}

/** {@link lockSectorAt} for many sectors of a miner, in the order of their numbers. Those that are gone are left out. */
export async function lockSectorsWithRuns(
  trx: Trx,
  miner: ActorId,
  numbers: readonly SectorNumber[],
): Promise<LockedWithRuns[]> {
  if (numbers.length === 0) return [];
  const rows = await trx
    .selectFrom('sector')
    .selectAll()
    .select(serverNow.as('now'))
    .where('miner', '=', miner)
    .where('number', 'in', numbers)
    .orderBy('number')
    .forUpdate()
    .execute();
  const runs = await trx
    .selectFrom('phase_run')
    .select(['number', 'phase'])
    .where('miner', '=', miner)
    .where('number', 'in', numbers)
    .where('status', 'in', ['waiting', 'queued', 'running'])
    .execute();
  const active = Map.groupBy(runs, (run) => run.number);
  return rows.map(({ now, ...row }) => ({
    row,
    active: (active.get(row.number) ?? []).map((run) => run.phase),
    now,
  }));
}

/** {@link patchSector}, the same for many sectors of a miner. */
export async function patchSectors(
  trx: Trx,
  miner: ActorId,
  numbers: readonly SectorNumber[],
  patch: SectorPatch,
): Promise<void> {
  const values = columnsOf(patch);
  if (numbers.length === 0 || Object.keys(values).length === 0) return;
  await trx
    .updateTable('sector')
    .set(values)
    .where('miner', '=', miner)
    .where('number', 'in', numbers)
    .execute();
}

/** Changes columns; a new `state` also sets `state_at`, by the server's clock. */
export async function patchSector(trx: Executor, id: SectorId, patch: SectorPatch): Promise<void> {
  const values = columnsOf(patch);
  if (Object.keys(values).length === 0) return;
  const result = await trx
    .updateTable('sector')
    .set(values)
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .executeTakeFirst();
  if (updatedRows(result) === 0) throw new BeeproError('NOT_FOUND', { what: 'sector', name: sectorName(id) });
}

function columnsOf(patch: SectorPatch): UpdateObject<Tables, 'sector', 'sector'> {
  const { recoveries, commit1_output, ...plain } = patch;
  return {
    ...plain,
    ...(recoveries === undefined ? {} : { recoveries: JSON.stringify(recoveries) }),
    ...(commit1_output === undefined
      ? {}
      : { commit1_output: commit1_output === null ? null : JSON.stringify(commit1_output) }),
    ...(patch.state === undefined ? {} : { state_at: serverNow }),
  };
}

export interface SectorFilter {
  readonly miner?: ActorId | undefined;
  readonly states?: readonly SectorState[] | undefined;
  readonly worker?: string | undefined;
}

export interface SectorPage extends SectorFilter {
  /** The last sector of the page before. */
  readonly after?: SectorId | undefined;
  readonly limit: number;
}

/** One page in the order (miner, number). Each page costs the same, however far into the table it lies. */
export async function listSectors(executor: Executor, page: SectorPage): Promise<SectorRow[]> {
  const { miner, states, worker, after, limit } = page;
  let query = executor.selectFrom('sector').selectAll().orderBy('miner').orderBy('number').limit(limit);
  if (miner !== undefined) query = query.where('miner', '=', miner);
  if (states !== undefined)
    query = query.where('state', 'in', states.length > 0 ? states : ['' as SectorState]);
  if (worker !== undefined) query = query.where('worker', '=', worker);
  if (after !== undefined) {
    query = query.where(isAfter(after));
  }
  return query.execute();
}

/** Sectors whose files each worker holds, or one worker. */
export async function countSectorsByWorker(
  executor: Executor,
  worker?: string,
): Promise<ReadonlyMap<string, number>> {
  let query = executor
    .selectFrom('sector')
    .select(({ fn }) => ['worker', fn.countAll<number>().as('sectors')])
    .groupBy('worker');
  query = worker === undefined ? query.where('worker', 'is not', null) : query.where('worker', '=', worker);
  const rows = await query.execute();
  return new Map(rows.map((row) => [row.worker ?? '', Number(row.sectors)]));
}

/** Beyond a sector in the order (miner, number): where the next page begins. */
export function isAfter({ miner, number }: SectorId): RawBuilder<SqlBool> {
  return sql`(sector.miner > ${miner} OR (sector.miner = ${miner} AND sector.number > ${number}))`;
}

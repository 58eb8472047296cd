import type { Selectable } from 'kysely';
import type { SectorId } from '#core';
import type { Executor } from '../database.ts';
import type { SectorEventTable } from '../schema/index.ts';

export type SectorEventRow = Selectable<SectorEventTable>;

export interface NewSectorEvent extends SectorId {
  readonly event: string;
  readonly from_state?: string | null;
  readonly to_state?: string | null;
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Appends to the sector's log; bigint values of `data` are written as decimal strings. */
export async function insertSectorEvent(trx: Executor, event: NewSectorEvent): Promise<void> {
  await insertSectorEvents(trx, [event]);
}

/** The same of several, in their order. */
export async function insertSectorEvents(trx: Executor, events: readonly NewSectorEvent[]): Promise<void> {
  if (events.length === 0) return;
  const rows = events.map(({ miner, number, event, from_state = null, to_state = null, data = {} }) => ({
    ...{ miner, number, event, from_state, to_state },
    data: JSON.stringify(data, (_key, value) => (typeof value === 'bigint' ? value.toString() : value)),
  }));
  await trx.insertInto('sector_event').values(rows).execute();
}

/** Oldest first; pages go on after the last `id` seen. */
export async function listSectorEvents(
  executor: Executor,
  id: SectorId,
  page: { readonly afterId?: number; readonly limit?: number } = {},
): Promise<SectorEventRow[]> {
  return executor
    .selectFrom('sector_event')
    .selectAll()
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .where('id', '>', page.afterId ?? 0)
    .orderBy('id')
    .limit(page.limit ?? 1_000)
    .execute();
}

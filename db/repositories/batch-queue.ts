import { type Selectable, sql } from 'kysely';
import type { ActorId, Bytes, Epoch, SectorId, SectorNumber, SectorState } from '#core';
import type { Executor } from '../database.ts';
import type { BatchQueueTable } from '../schema/index.ts';
import { isAfter, type SectorRow } from './sectors.ts';
import { serverNow } from './server-time.ts';

export type BatchQueueRow = Selectable<BatchQueueTable>;

/** As much of a sector that waits for a batch as decides when it leaves: thousands are read in one pass. */
export interface BatchCandidate extends SectorId {
  readonly kind: SectorRow['kind'];
  readonly seal_proof: number;
  readonly state_at: Date;
  readonly ticket_epoch: Epoch | null;
  readonly precommit_epoch: Epoch | null;
  readonly recoveries: Readonly<Record<string, number>>;
  readonly proof_bytes: Bytes;
}

/** One page of a miner's sectors in one state, by number. The proofs, most of a row, stay where they are. */
export async function listBatchCandidates(
  executor: Executor,
  page: {
    readonly miner: ActorId;
    readonly state: SectorState;
    readonly after?: SectorId | undefined;
    readonly limit: number;
  },
): Promise<BatchCandidate[]> {
  let query = executor
    .selectFrom('sector')
    .select(['miner', 'number', 'kind', 'seal_proof', 'state_at', 'ticket_epoch', 'precommit_epoch'])
    .select('recoveries')
    .select(sql<number>`COALESCE(LENGTH(proof), 0) DIV 2`.as('proof_bytes'))
    .where('state', '=', page.state)
    .where('miner', '=', page.miner)
    .orderBy('number')
    .limit(page.limit);
  if (page.after !== undefined) query = query.where(isAfter(page.after));
  const rows = await query.execute();
  return rows.map((row) => ({ ...row, proof_bytes: Number(row.proof_bytes) }));
}

/** Sectors of a miner by their numbers, whole, in the order of the numbers. */
export async function listSectorsByNumber(
  executor: Executor,
  miner: ActorId,
  numbers: readonly SectorNumber[],
): Promise<SectorRow[]> {
  if (numbers.length === 0) return [];
  return executor
    .selectFrom('sector')
    .selectAll()
    .where('miner', '=', miner)
    .where('number', 'in', numbers)
    .orderBy('number')
    .execute();
}

export async function findBatchQueue(
  executor: Executor,
  miner: ActorId,
  activity: string,
): Promise<BatchQueueRow | undefined> {
  return executor
    .selectFrom('batch_queue')
    .selectAll()
    .where('miner', '=', miner)
    .where('activity', '=', activity)
    .executeTakeFirst();
}

/** Whoever waits now leaves at once. Ordered twice, the later time counts. */
export async function orderBatch(
  executor: Executor,
  miner: ActorId,
  activity: string,
  who: string,
): Promise<void> {
  const order = { ordered_at: serverNow, ordered_by: who.slice(0, 255) };
  await executor
    .insertInto('batch_queue')
    .values({ miner, activity, ...order })
    .onDuplicateKeyUpdate(order)
    .execute();
}

/** What holds a batch up, for people; the time is that of the first of several notes with the same code. */
export async function noteBlockedBatch(
  executor: Executor,
  miner: ActorId,
  activity: string,
  blocked: { readonly code: string; readonly message: string },
): Promise<void> {
  const values = { blocked_code: blocked.code, blocked_message: blocked.message.slice(0, 2_000) };
  await executor
    .insertInto('batch_queue')
    .values({ miner, activity, blocked_at: serverNow, ...values })
    .onDuplicateKeyUpdate({
      // Assigned from left to right: the time is decided while the old code still stands.
      blocked_at: sql<Date>`IF(blocked_code <=> ${blocked.code}, blocked_at, NOW(3))`,
      ...values,
    })
    .execute();
}

/** Nothing holds it up any more; writes only where something did. */
export async function clearBlockedBatch(executor: Executor, miner: ActorId, activity: string): Promise<void> {
  await executor
    .updateTable('batch_queue')
    .set({ blocked_at: null, blocked_code: null, blocked_message: null })
    .where('miner', '=', miner)
    .where('activity', '=', activity)
    .where('blocked_at', 'is not', null)
    .execute();
}

/** Batches that something holds up, of one miner or of all. */
export async function listBlockedBatches(executor: Executor, miner?: ActorId): Promise<BatchQueueRow[]> {
  const query = executor
    .selectFrom('batch_queue')
    .selectAll()
    .where('blocked_at', 'is not', null)
    .orderBy('miner')
    .orderBy('activity');
  return (miner === undefined ? query : query.where('miner', '=', miner)).execute();
}

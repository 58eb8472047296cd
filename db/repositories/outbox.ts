import type { Selectable } from 'kysely';
import type { Executor } from '../database.ts';
import type { OutboxTable } from '../schema/index.ts';
import { deletedRows, insertedId } from './affected.ts';
import { serverNow, serverTimeIn } from './server-time.ts';

export type OutboxRow = Selectable<OutboxTable>;

export interface NewOutboxEntry {
  readonly runId: number;
  readonly queue: string;
  readonly jobId: string;
  readonly priority: number;
}

/** Asks, in the transaction that made or re-queued the run, for its job to be published after the commit. */
export async function insertOutbox(trx: Executor, entry: NewOutboxEntry): Promise<number> {
  const result = await trx
    .insertInto('outbox')
    .values({ run_id: entry.runId, queue: entry.queue, job_id: entry.jobId, priority: entry.priority })
    .executeTakeFirstOrThrow();
  return insertedId(result);
}

export interface UnpublishedEntry extends OutboxRow {
  /** The run as it stands now: what is no longer queued needs no job. */
  readonly run_status: string;
  readonly run_attempt: number;
}

/** The oldest entries not yet marked, with the state of their run. Publishing twice is harmless: the job id is the same. */
export async function listUnpublished(
  executor: Executor,
  options: { readonly limit: number; readonly olderThanMs?: number },
): Promise<UnpublishedEntry[]> {
  let query = executor
    .selectFrom('outbox')
    .innerJoin('phase_run', 'phase_run.id', 'outbox.run_id')
    .selectAll('outbox')
    .select(['phase_run.status as run_status', 'phase_run.attempt as run_attempt'])
    .where('outbox.published_at', 'is', null)
    .orderBy('outbox.id')
    .limit(options.limit);
  if (options.olderThanMs !== undefined) {
    query = query.where('outbox.created_at', '<', serverTimeIn(-options.olderThanMs));
  }
  return query.execute();
}

export async function markPublished(executor: Executor, ids: readonly number[]): Promise<void> {
  if (ids.length === 0) return;
  await executor
    .updateTable('outbox')
    .set({ published_at: serverNow })
    .where('id', 'in', ids)
    .where('published_at', 'is', null)
    .execute();
}

/** Removes at most `limit` published entries older than `olderThanMs`; returns how many. */
export async function pruneOutbox(executor: Executor, olderThanMs: number, limit: number): Promise<number> {
  const result = await executor
    .deleteFrom('outbox')
    .where('published_at', '<', serverTimeIn(-olderThanMs))
    .orderBy('published_at')
    .limit(limit)
    .executeTakeFirst();
  return deletedRows(result);
}

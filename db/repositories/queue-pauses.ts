import type { Selectable } from 'kysely';
import type { Executor } from '../database.ts';
import type { QueuePauseTable } from '../schema/index.ts';
import { deletedRows } from './affected.ts';

export type QueuePauseRow = Selectable<QueuePauseTable>;

export async function pauseQueue(executor: Executor, queue: string, who: string): Promise<void> {
  await executor.insertInto('queue_pause').values({ queue, who }).onDuplicateKeyUpdate({ queue }).execute();
}

/** False when it was not paused. */
export async function resumeQueue(executor: Executor, queue: string): Promise<boolean> {
  const result = await executor.deleteFrom('queue_pause').where('queue', '=', queue).executeTakeFirst();
  return deletedRows(result) > 0;
}

export async function listQueuePauses(executor: Executor): Promise<QueuePauseRow[]> {
  return executor.selectFrom('queue_pause').selectAll().orderBy('queue').execute();
}

import { type Selectable, sql } from 'kysely';
import type { ActorId } from '#core';
import type { Executor } from '../database.ts';
import type { MinerActivityTable } from '../schema.ts';
import { serverNow } from './server-time.ts';

export type MinerActivityRow = Selectable<MinerActivityTable>;

export interface ActivityWait {
  readonly code: string;
  readonly message: string;
}

/** Keeps why an activity of a miner stands still, or (undefined) that it does not; writes only what has changed. */
export async function saveActivityWait(
  executor: Executor,
  miner: ActorId,
  activity: string,
  wait: ActivityWait | undefined,
): Promise<void> {
  const code = wait?.code ?? null;
  const message = wait?.message.slice(0, 2_000) ?? null;
  if (wait) {
    await executor
      .insertInto('miner_activity')
      .values({ miner, activity, wait_code: code, wait_message: message, waits_since: serverNow })
      .onDuplicateKeyUpdate({
        // In this order: the columns that come later see those before them as they were given.
        waits_since: sql`IF(wait_code <=> VALUES(wait_code), waits_since, VALUES(waits_since))`,
        wait_code: code,
        wait_message: message,
      })
      .execute();
    return;
  }
  await executor
    .updateTable('miner_activity')
    .set({ wait_code: null, wait_message: null, waits_since: null })
    .where('miner', '=', miner)
    .where('activity', '=', activity)
    .where('wait_code', 'is not', null)
    .execute();
}

/** What stands still, of one miner or of all. */
export async function listActivityWaits(executor: Executor, miner?: ActorId): Promise<MinerActivityRow[]> {
  const query = executor
    .selectFrom('miner_activity')
    .selectAll()
    .where('wait_code', 'is not', null)
    .orderBy('miner')
    .orderBy('activity');
  return (miner === undefined ? query : query.where('miner', '=', miner)).execute();
}

import type { Phase, SectorId } from '#core';
import type { Executor, Trx } from '../database.ts';
import { updatedRows } from './affected.ts';
import type { RunFence } from './run-claims.ts';
import { lockSector, type SectorRow } from './sectors.ts';
import { serverNow, serverTimeIn } from './server-time.ts';

/** A sector's row under its lock, the phases that have an unfinished run, and the server's clock. */
export interface LockedSector {
  readonly row: SectorRow;
  readonly active: readonly Phase[];
  readonly now: Date;
}

/** Everything a transition decides from. @throws BeeproError `NOT_FOUND` */
export async function lockSectorWithRuns(trx: Trx, id: SectorId): Promise<LockedSector> {
  const row = await lockSector(trx, id);
  const runs = await trx
    .selectFrom('phase_run')
    .select(['phase', serverNow.as('now')])
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .where('status', 'in', ['waiting', 'queued', 'running'])
    .execute();
  return { row, active: runs.map((run) => run.phase), now: runs[0]?.now ?? (await readServerTime(trx)) };
}

/** The server's NOW(3): the only clock that expiries and back-offs go by. */
export async function readServerTime(executor: Executor): Promise<Date> {
  const { now } = await executor.selectNoFrom(serverNow.as('now')).executeTakeFirstOrThrow();
  return now;
}

/**
 * Puts a claimed run back to wait: its time has not come. No failure and no crash is counted; the reason stays
 * readable in the row. False when the fence no longer holds.
 */
export async function deferClaimedRun(
  trx: Executor,
  fence: RunFence,
  delayMs: number,
  reason: { readonly code: string; readonly message: string },
): Promise<boolean> {
  const result = await trx
    .updateTable('phase_run')
    .set({
      status: 'waiting',
      not_before: serverTimeIn(delayMs),
      worker: null,
      host_epoch: null,
      heartbeat_at: null,
      error_code: reason.code.slice(0, 64),
      error_message: reason.message.slice(0, 2_000),
    })
    .where('id', '=', fence.runId)
    .where('attempt', '=', fence.attempt)
    .where('claim', '=', fence.claim)
    .where('status', '=', 'running')
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

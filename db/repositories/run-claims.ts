import { sql } from 'kysely';
import type { Executor, Trx } from '../database.ts';
import { updatedRows } from './affected.ts';
import type { PhaseRunRow } from './phase-runs.ts';
import { serverNow, serverTimeIn } from './server-time.ts';

/** What a claim is known by. Whoever cannot show all three, with the run still `running`, changes nothing. */
export interface RunFence {
  readonly runId: number;
  readonly attempt: number;
  readonly claim: number;
  /**
   * The epoch of the agent that asks. A run that a newer agent of the host has adopted is held no more by the older
   * one: both know the same claim, and only one of them may answer for it. Absent: nobody asks for an agent.
   */
  readonly hostEpoch?: number;
}

export interface ClaimRequest {
  readonly runId: number;
  readonly attempt: number;
  readonly worker: string;
  readonly hostEpoch: number;
}

/**
 * Claims a queued run before anything of it is started. Of any number of claimants exactly one gets the row; the
 * others get undefined and complete their job as superseded. A claim that also touches the sector locks the sector's
 * row before.
 */
export async function claimRun(trx: Trx, request: ClaimRequest): Promise<PhaseRunRow | undefined> {
  const { runId, attempt, worker, hostEpoch } = request;
  const result = await trx
    .updateTable('phase_run')
    .set({
      status: 'running',
      claim: sql<number>`claim + 1`,
      worker,
      host_epoch: hostEpoch,
      claimed_at: serverNow,
      heartbeat_at: serverNow,
      started_at: null,
      answered_at: null,
      progress: null,
    })
    .where('id', '=', runId)
    .where('attempt', '=', attempt)
    .where('status', '=', 'queued')
    .where((eb) =>
      eb.or([
        eb('queue_worker', 'is', null),
        eb('queue_worker', '=', worker),
        eb('offered_at', 'is not', null),
      ]),
    )
    .executeTakeFirst();
  if (updatedRows(result) === 0) return undefined;
  return trx.selectFrom('phase_run').selectAll().where('id', '=', runId).executeTakeFirst();
}

/**
 * The claimed run, locked until the transaction ends, or undefined when the fence no longer holds. An acceptance
 * locks the sector, then calls this, then stores its result and ends the run with {@link finishRun}.
 */
export async function lockHeldRun(trx: Trx, fence: RunFence): Promise<PhaseRunRow | undefined> {
  const row = await trx
    .selectFrom('phase_run')
    .selectAll()
    .where('id', '=', fence.runId)
    .where('attempt', '=', fence.attempt)
    .where('claim', '=', fence.claim)
    .where('status', '=', 'running')
    .forUpdate()
    .executeTakeFirst();
  return row && isOfEpoch(row, fence) ? row : undefined;
}

export type RunOutcome =
  | { readonly status: 'done'; readonly result?: Readonly<Record<string, unknown>> }
  | { readonly status: 'failed'; readonly errorCode: string; readonly errorMessage: string };

export interface RunTimes {
  /** When the sealer was asked and when it answered, by the worker's clock. */
  readonly startedAt?: Date | undefined;
  readonly answeredAt?: Date | undefined;
}

/** Ends a claimed run; false, and no change, when the fence no longer holds. */
export async function finishRun(
  trx: Executor,
  fence: RunFence,
  outcome: RunOutcome,
  times: RunTimes = {},
): Promise<boolean> {
  const result = await held(trx, fence)
    .set({
      status: outcome.status,
      finished_at: serverNow,
      ...(outcome.status === 'done'
        ? { result: outcome.result === undefined ? null : JSON.stringify(outcome.result) }
        : { error_code: outcome.errorCode, error_message: outcome.errorMessage.slice(0, 2_000) }),
      ...(times.startedAt === undefined ? {} : { started_at: times.startedAt }),
      ...(times.answeredAt === undefined ? {} : { answered_at: times.answeredAt }),
    })
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/** Notes when the sealer began, or its progress, under the fence; false when the claim is lost. */
export async function noteRunProgress(
  executor: Executor,
  fence: RunFence,
  note: { readonly startedAt?: Date; readonly progress?: Readonly<Record<string, unknown>> },
): Promise<boolean> {
  const result = await held(executor, fence)
    .set({
      heartbeat_at: serverNow,
      ...(note.startedAt === undefined ? {} : { started_at: note.startedAt }),
      ...(note.progress === undefined ? {} : { progress: JSON.stringify(note.progress) }),
    })
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/** Renews the heartbeats of a worker's claims and returns the fences that no longer hold: their work is stopped. */
export async function renewRuns<F extends RunFence>(executor: Executor, fences: readonly F[]): Promise<F[]> {
  if (fences.length === 0) return [];
  const ids = fences.map((fence) => fence.runId);
  const rows = await executor
    .selectFrom('phase_run')
    .select(['id', 'attempt', 'claim', 'host_epoch'])
    .where('id', 'in', ids)
    .where('status', '=', 'running')
    .execute();
  const current = new Map(rows.map((row) => [row.id, row]));
  const isHeld = (fence: RunFence) => {
    const row = current.get(fence.runId);
    return row?.attempt === fence.attempt && row.claim === fence.claim && isOfEpoch(row, fence);
  };
  const alive = fences.filter(isHeld);
  if (alive.length > 0) {
    await executor
      .updateTable('phase_run')
      .set({ heartbeat_at: serverNow })
      .where('status', '=', 'running')
      .where((eb) =>
        eb.or(
          alive.map((fence) =>
            eb.and([
              eb('id', '=', fence.runId),
              eb('attempt', '=', fence.attempt),
              eb('claim', '=', fence.claim),
            ]),
          ),
        ),
      )
      .execute();
  }
  return fences.filter((fence) => !isHeld(fence));
}

/**
 * An agent that starts again takes over a claim that its host already holds, under its new host epoch. It rests on
 * this row alone, not on BullMQ's lock.
 * @param host.anew take it under a new claim: for work that names its files by the claim, so that what is left of an
 *   older agent never writes the same ones
 */
export async function adoptRun(
  trx: Executor,
  fence: RunFence,
  host: { readonly worker: string; readonly hostEpoch: number; readonly anew?: boolean },
): Promise<boolean> {
  const result = await held(trx, fence)
    .set({
      host_epoch: host.hostEpoch,
      heartbeat_at: serverNow,
      ...(host.anew ? { claim: sql<number>`claim + 1` } : {}),
    })
    .where('worker', '=', host.worker)
    .where('host_epoch', '<=', host.hostEpoch)
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/**
 * Takes a claim back from a worker that is gone for good, whatever its heartbeat says: the run is `queued` again for
 * whoever may claim it, and nothing that the old claim computed counts. No crash is counted.
 */
export async function releaseClaim(trx: Executor, fence: RunFence, worker: string): Promise<boolean> {
  const result = await held(trx, fence)
    .where('worker', '=', worker)
    .set({ status: 'queued', worker: null, host_epoch: null, heartbeat_at: null, runnable_at: serverNow })
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/** Running claims whose heartbeat is older than `expiryMs`, by the server's clock. */
export async function listExpiredRuns(
  executor: Executor,
  expiryMs: number,
  limit: number,
): Promise<PhaseRunRow[]> {
  return executor
    .selectFrom('phase_run')
    .selectAll()
    .where('status', '=', 'running')
    .where('heartbeat_at', '<', serverTimeIn(-expiryMs))
    .orderBy('heartbeat_at')
    .limit(limit)
    .execute();
}

/**
 * Puts an expired claim back to `queued` and counts a crash; false when it was renewed or ended in between. With
 * `delayMs` it waits first.
 */
export async function requeueExpiredRun(
  trx: Executor,
  fence: RunFence,
  options: { readonly expiryMs: number; readonly delayMs?: number },
): Promise<boolean> {
  const delayMs = options.delayMs ?? 0;
  const result = await held(trx, fence)
    .set({
      status: delayMs > 0 ? 'waiting' : 'queued',
      not_before: delayMs > 0 ? serverTimeIn(delayMs) : null,
      crashes: sql<number>`crashes + 1`,
      worker: null,
      host_epoch: null,
      heartbeat_at: null,
    })
    .where('heartbeat_at', '<', serverTimeIn(-options.expiryMs))
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/**
 * Puts a claimed run back to wait: its time has not come. No failure and no crash is counted; the reason stays
 * readable in the row. With `closeOffer` only its own host may claim it next, unless it is offered anew. False when
 * the fence no longer holds.
 */
export async function deferClaimedRun(
  trx: Executor,
  fence: RunFence,
  delayMs: number,
  reason: { readonly code: string; readonly message: string },
  options: { readonly closeOffer?: boolean } = {},
): Promise<boolean> {
  const result = await held(trx, fence)
    .set({
      status: 'waiting',
      ...(options.closeOffer ? { offered_at: null } : {}),
      not_before: serverTimeIn(delayMs),
      worker: null,
      host_epoch: null,
      heartbeat_at: null,
      error_code: reason.code.slice(0, 64),
      error_message: reason.message.slice(0, 2_000),
    })
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

function held(executor: Executor, fence: RunFence) {
  const { hostEpoch } = fence;
  const update = executor
    .updateTable('phase_run')
    .where('id', '=', fence.runId)
    .where('attempt', '=', fence.attempt)
    .where('claim', '=', fence.claim)
    .where('status', '=', 'running');
  return hostEpoch === undefined ? update : update.where('host_epoch', '<=', hostEpoch);
}

/** As the sealer: the highest epoch that was seen is obeyed. A lease that was regained has a higher one. */
function isOfEpoch(row: Pick<PhaseRunRow, 'host_epoch'>, { hostEpoch }: RunFence): boolean {
  return hostEpoch === undefined || (row.host_epoch ?? 0) <= hostEpoch;
}

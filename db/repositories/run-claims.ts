import { sql } from 'kysely';
import type { Executor, Trx } from '../database.ts';
import { updatedRows } from './affected.ts';
import { type HeldLease, leaseIsHeld } from './leases.ts';
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
  /** Who has it. Absent: whoever has. */
  readonly worker?: string;
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
  const result = await queued(trx, runId, attempt, worker)
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
    .executeTakeFirst();
  if (updatedRows(result) === 0) return undefined;
  return trx.selectFrom('phase_run').selectAll().where('id', '=', runId).executeTakeFirst();
}

/** Who claims, and by what right. */
export interface LeasedClaimant {
  readonly worker: string;
  /** The host's lease; its token becomes the claim's host epoch. */
  readonly lease: Pick<HeldLease, 'name' | 'token'>;
}

/**
 * Claims a queued run as it was just read, on the strength of a lease, in a single statement: it holds the lease's row
 * shared until it has committed, as `assertLease` does in a transaction, so nobody can take the lease over in between.
 * Undefined when the run was claimed, ended or claimed and given back since, or the lease is no longer held.
 */
export async function claimReadRun(
  executor: Executor,
  read: PhaseRunRow,
  { worker, lease }: LeasedClaimant,
): Promise<PhaseRunRow | undefined> {
  const claimed = { status: 'running', claim: read.claim + 1, worker, host_epoch: lease.token } as const;
  const emptied = { started_at: null, answered_at: null, progress: null } as const;
  const result = await queued(executor, read.id, read.attempt, worker)
    .set({ ...claimed, ...emptied, claimed_at: serverNow, heartbeat_at: serverNow })
    .where('claim', '=', read.claim)
    .where(leaseIsHeld(lease))
    .executeTakeFirst();
  return updatedRows(result) === 1 ? { ...read, ...claimed, ...emptied } : undefined;
}

/**
 * The claimed run, locked until the transaction ends, or undefined when the fence no longer holds. Whoever goes on to
 * change the sector locks that first.
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
  const isTheirs = fence.worker === undefined || row?.worker === fence.worker;
  return row && isTheirs && isOfEpoch(row, fence) ? row : undefined;
}

export type RunOutcome =
  | { readonly status: 'done'; readonly result?: Readonly<Record<string, unknown>> }
  | { readonly status: 'failed'; readonly errorCode: string; readonly errorMessage: string };

export interface RunTimes {
  /** When the sealer was asked and when it answered, by the worker's clock. */
  readonly startedAt?: Date | undefined;
  readonly answeredAt?: Date | undefined;
}

/**
 * Ends a claimed run, under its sector's lock; false, and no change, when the fence no longer holds. It is the check of
 * the fence and the lock of the run as well, so an acceptance asks nothing before.
 */
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

/**
 * Renews the heartbeats of a worker's claims and returns the fences that no longer hold: their work is stopped. One
 * statement while all hold; only one that finds fewer rows than fences asks which are lost.
 */
export async function renewRuns<F extends RunFence>(executor: Executor, fences: readonly F[]): Promise<F[]> {
  if (fences.length === 0) return [];
  const result = await executor
    .updateTable('phase_run')
    .set({ heartbeat_at: serverNow })
    .where('id', 'in', idsOf(fences))
    .where('status', '=', 'running')
    .where((eb) =>
      eb.or(
        fences.map(({ runId, attempt, claim, hostEpoch }) =>
          eb.and([
            eb('id', '=', runId),
            eb('attempt', '=', attempt),
            eb('claim', '=', claim),
            ...(hostEpoch === undefined ? [] : [eb('host_epoch', '<=', hostEpoch)]),
          ]),
        ),
      ),
    )
    .executeTakeFirst();
  return updatedRows(result) === fences.length ? [] : lostFences(executor, fences);
}

async function lostFences<F extends RunFence>(executor: Executor, fences: readonly F[]): Promise<F[]> {
  const rows = await executor
    .selectFrom('phase_run')
    .select(['id', 'attempt', 'claim', 'host_epoch'])
    .where('id', 'in', idsOf(fences))
    .where('status', '=', 'running')
    .execute();
  const current = new Map(rows.map((row) => [row.id, row]));
  return fences.filter((fence) => {
    const row = current.get(fence.runId);
    return !(row?.attempt === fence.attempt && row.claim === fence.claim && isOfEpoch(row, fence));
  });
}

function idsOf(fences: readonly RunFence[]): number[] {
  return fences.map((fence) => fence.runId);
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

/** A run that waits in a queue which this worker may serve. */
function queued(executor: Executor, runId: number, attempt: number, worker: string) {
  return executor
    .updateTable('phase_run')
    .where('id', '=', runId)
    .where('attempt', '=', attempt)
    .where('status', '=', 'queued')
    .where((eb) =>
      eb.or([
        eb('queue_worker', 'is', null),
        eb('queue_worker', '=', worker),
        eb('offered_at', 'is not', null),
      ]),
    );
}

function held(executor: Executor, fence: RunFence) {
  const { hostEpoch, worker } = fence;
  const update = executor
    .updateTable('phase_run')
    .where('id', '=', fence.runId)
    .where('attempt', '=', fence.attempt)
    .where('claim', '=', fence.claim)
    .where('status', '=', 'running');
  const ofEpoch = hostEpoch === undefined ? update : update.where('host_epoch', '<=', hostEpoch);
  return worker === undefined ? ofEpoch : ofEpoch.where('worker', '=', worker);
}

/** As the sealer: the highest epoch that was seen is obeyed. A lease that was regained has a higher one. */
function isOfEpoch(row: Pick<PhaseRunRow, 'host_epoch'>, { hostEpoch }: RunFence): boolean {
  return hostEpoch === undefined || (row.host_epoch ?? 0) <= hostEpoch;
}

import { BeeproError, killPoint, PHASES, type SectorId, type SectorState, sectorName } from '#core';
import {
  activePhases,
  attemptAfter,
  insertOutbox,
  insertRun,
  insertSectorEvents,
  type LockedSector,
  listRunFacts,
  lockSectorAt,
  type NewSectorEvent,
  nextAttempt,
  patchSector,
  type RunFacts,
  releasePieces,
  type SectorPatch,
  supersedeRuns,
  type Trx,
} from '#db';
import { DEFAULT_PRIORITY, type JobRequest, jobId, queueName } from '#queues';
import {
  FULL_RETRY,
  type RetryScale,
  type RunRequest,
  type SectorEvent,
  type Transition,
  transition,
} from './machine/index.ts';

/** A job that the transaction wrote to the outbox: whoever commits publishes it at once. */
export interface OutboxJob extends JobRequest {
  readonly outboxId: number;
}

export type Applied =
  | { readonly transition: Transition; readonly jobs: readonly OutboxJob[] }
  /** Nothing was changed: the state does not handle the event now. */
  | { readonly refused: string; readonly state: SectorState; readonly jobs: readonly [] };

/**
 * Applies one event to a sector in the caller's transaction: locks its row first, asks the machine, writes the
 * row, the log, the runs and the outbox. The jobs are to be published after the commit.
 *
 * @param retry how the operator scales back-off and tries; matters for failures
 * @throws BeeproError `NOT_FOUND`
 */
export async function applyEvent(
  trx: Trx,
  id: SectorId,
  event: SectorEvent,
  retry: RetryScale = FULL_RETRY,
): Promise<Applied> {
  const locked = await lockSectorAt(trx, id);
  return applyToLocked(trx, { ...locked, runs: await listRunFacts(trx, id) }, event, { retry });
}

/** What a transition is decided from: the sector under its lock, and all its runs as they are now. */
export interface SectorWithRuns extends LockedSector {
  readonly runs: readonly RunFacts[];
}

/**
 * As {@link applyEvent}, for callers that have the lock and the runs already.
 * @param options.logged what goes into the log before the event itself, also when that is refused
 */
export async function applyToLocked(
  trx: Trx,
  { row, now, runs }: SectorWithRuns,
  event: SectorEvent,
  options: { readonly retry?: RetryScale; readonly logged?: readonly NewSectorEvent[] } = {},
): Promise<Applied> {
  const { retry = FULL_RETRY, logged = [] } = options;
  const id: SectorId = { miner: row.miner, number: row.number };
  const active = activePhases(runs);
  const outcome = transition({ ...row, active }, event, { now, retry });
  if ('refused' in outcome) {
    await insertSectorEvents(trx, logged);
    return { refused: outcome.refused, state: row.state, jobs: [] };
  }

  const next = outcome.ok;
  const stopped = [...next.cancel, ...next.start.map((run) => run.phase)];
  if (stopped.some((phase) => active.includes(phase))) await supersedeRuns(trx, id, { phases: stopped });
  await patchSector(trx, id, patchOf(next));
  if (next.releasePieces) await releasePieces(trx, id);
  const entry = { event: event.type, from_state: next.from, to_state: next.to, data: logData(event, next) };
  await insertSectorEvents(trx, [...logged, { ...id, ...entry }]);
  const worker = next.set.worker === undefined ? row.worker : next.set.worker;
  const jobs: OutboxJob[] = [];
  for (const run of next.start) {
    const job = await insertAttempt(trx, id, worker, run, attemptAfter(runs, run.phase));
    if (job) jobs.push(job);
  }
  killPoint('transition.before-commit');
  return { transition: next, jobs };
}

/** The columns that a transition changes; with a state given the sector's time in it begins anew. */
export function patchOf(next: Transition): SectorPatch {
  return { ...next.set, ...(next.to === next.from && !next.waitsAnew ? {} : { state: next.to }) };
}

/** As {@link applyEvent}, for callers to whom a refusal is an error. @throws BeeproError `SECTOR_EVENT_REFUSED` */
export async function requireEvent(
  trx: Trx,
  id: SectorId,
  event: SectorEvent,
): Promise<Extract<Applied, { transition: Transition }>> {
  const applied = await applyEvent(trx, id, event);
  if ('transition' in applied) return applied;
  throw new BeeproError('SECTOR_EVENT_REFUSED', {
    sector: sectorName(id),
    state: applied.state,
    event: event.type,
    reason: applied.refused,
  });
}

/**
 * Inserts the next attempt at a phase, under the sector's lock; unless it has to wait, with its outbox row. Host
 * phases go to the queue of the worker that has the sector's files.
 */
export async function startRun(
  trx: Trx,
  id: SectorId,
  worker: string | null,
  run: RunRequest,
): Promise<OutboxJob | undefined> {
  return insertAttempt(trx, id, worker, run, await nextAttempt(trx, id, run.phase));
}

async function insertAttempt(
  trx: Trx,
  id: SectorId,
  worker: string | null,
  run: RunRequest,
  attempt: number,
): Promise<OutboxJob | undefined> {
  const queueWorker = PHASES[run.phase].queue === 'host' ? worker : null;
  const runId = await insertRun(trx, {
    ...id,
    phase: run.phase,
    attempt,
    queueWorker,
    priority: DEFAULT_PRIORITY,
    delayMs: run.delayMs,
    ...(run.input ? { input: run.input } : {}),
  });
  if (run.delayMs > 0) return undefined;
  const job: JobRequest = {
    runId,
    queue: queueName(run.phase, queueWorker),
    jobId: jobId(id, run.phase, attempt),
    priority: DEFAULT_PRIORITY,
  };
  return { ...job, outboxId: await insertOutbox(trx, job) };
}

/** What the log keeps: the event's facts (a proof is in the sector's row) and what was started and spent. */
export function logData(event: SectorEvent, next: Transition): Record<string, unknown> {
  const { type: _type, ...facts } = event;
  const { proof: _proof, ...shown } = 'proof' in facts ? facts : { ...facts, proof: undefined };
  return {
    ...shown,
    ...(next.start.length > 0 ? { started: next.start.map((run) => run.phase) } : {}),
    ...(next.recovery ? { recovery: next.recovery } : {}),
    ...(next.to === 'Parked' ? { parked: next.set.parked_code, reason: next.set.parked_reason } : {}),
  };
}

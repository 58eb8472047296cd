import { BeeproError, inTurn, type SectorId } from '#core';
import {
  insertOutbox,
  listDueRuns,
  listExpiredRuns,
  listQueuedRuns,
  lockHeldRun,
  lockSector,
  type PhaseRunRow,
  queueDueRun,
  readServerTime,
  requeueExpiredRun,
  type Trx,
} from '#db';
import { type JobPresence, jobPresence, republishJob } from '#queues';
import { commitAndPublish, failLockedRun, jobsOfRun, type OutboxJob, retryScale } from '#sector';
import { inParallel } from './in-parallel.ts';
import type { SealingModules } from './modules.ts';

const PAGE = 500;
/** Look-ups in Redis at a time. */
const PARALLEL = 32;
/** A run that was queued just now is still on its way to Redis. */
const YOUNG_MS = 2_000;
/** Claims of one attempt that may end without an answer before the attempt counts as failed. */
export const MAX_CRASHES = 3;

/**
 * What MySQL wants against what Redis has, for a run that waits to be claimed: a job that BullMQ keeps as ended,
 * or has lost, is put there again; one that waits or is held stays.
 */
export function sweepVerdict(run: { readonly ageMs: number }, presence: JobPresence): 'leave' | 'republish' {
  if (presence === 'waiting' || presence === 'active') return 'leave';
  return run.ageMs < YOUNG_MS ? 'leave' : 'republish';
}

/** A claim whose heartbeat has stopped: given to the next, or, crashed too often, failed. */
export function crashVerdict(run: Pick<PhaseRunRow, 'crashes'>): 'requeue' | 'fail' {
  return run.crashes + 1 >= MAX_CRASHES ? 'fail' : 'requeue';
}

/** Puts jobs back that MySQL wants and Redis lacks or keeps only as ended (crash rule 1). */
export async function sweepQueued(modules: SealingModules, signal: AbortSignal): Promise<void> {
  modules.bus.requireReady();
  const now = await readServerTime(modules.db.kysely);
  await inParallel(queuedRuns(modules), PARALLEL, signal, (run) => sweepRun(modules, run, now));
}

async function* queuedRuns({ db }: SealingModules): AsyncGenerator<PhaseRunRow> {
  for (let afterId = 0; ; ) {
    const page = await listQueuedRuns(db.kysely, { afterId, limit: PAGE });
    yield* page;
    const last = page.at(-1);
    if (!last || page.length < PAGE) return;
    afterId = last.id;
  }
}

async function sweepRun(modules: SealingModules, run: PhaseRunRow, now: Date): Promise<void> {
  const ageMs = now.getTime() - Math.max(run.runnable_at.getTime(), run.created_at.getTime());
  for (const job of jobsOfRun(run)) {
    const presence = await jobPresence(modules.bus, job.queue, job.jobId);
    if (sweepVerdict({ ageMs }, presence) === 'leave') continue;
    await republishJob(modules.bus, job);
    modules.log.info({ event: 'sweep.republished', runId: run.id, job: job.jobId, presence }, 'job put back');
  }
}

/**
 * Since when workers could be heard without a break. While MySQL was away, or this process stood still, nobody's
 * heartbeat came through: that silence is no sign of death, and without this every claim of the fleet would be given
 * away, and count a crash, in the moment after an outage.
 */
export class Hearing {
  #since: number | undefined;
  #lastMs = 0;

  /**
   * To be asked at each look at the heartbeats.
   * @param nowMs by a monotonic clock
   * @param intervalMs the usual time between two looks
   * @returns whether a silence of `expiryMs` would have been heard whole
   */
  isWhole(nowMs: number, expiryMs: number, intervalMs: number): boolean {
    const gapMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    const brokeOff = gapMs > Math.max(expiryMs / 2, 2 * intervalMs);
    if (this.#since === undefined || brokeOff) this.#since = nowMs;
    return nowMs - this.#since >= expiryMs;
  }

  /** A look failed. */
  interrupt(): void {
    this.#since = undefined;
  }
}

/** Claims of workers that have fallen silent go back to the queue and count a crash (crash rule 2). */
export async function sweepExpired(
  modules: SealingModules,
  signal: AbortSignal,
  hearing: Hearing,
): Promise<void> {
  const expiryMs = modules.settings.get('worker.heartbeat_expiry');
  try {
    await readServerTime(modules.db.kysely);
  } catch (error) {
    hearing.interrupt();
    throw error;
  }
  const intervalMs = modules.settings.get('coordinator.sweep_interval');
  if (!hearing.isWhole(performance.now(), expiryMs, intervalMs)) return;
  const expired = await listExpiredRuns(modules.db.kysely, expiryMs, PAGE);
  const one = async (run: PhaseRunRow) => {
    await commitAndPublish(modules, (trx) => expireRun(modules, trx, run, expiryMs));
    modules.log.warn(
      {
        event: 'sweep.expired',
        runId: run.id,
        phase: run.phase,
        worker: run.worker,
        crashes: run.crashes + 1,
      },
      'a claim expired without an answer',
    );
  };
  await inTurn(expired, one, signal);
}

async function expireRun(
  modules: SealingModules,
  trx: Trx,
  run: PhaseRunRow,
  expiryMs: number,
): Promise<{ readonly jobs: readonly OutboxJob[] }> {
  const id: SectorId = { miner: run.miner, number: run.number };
  const fence = { runId: run.id, attempt: run.attempt, claim: run.claim };
  await lockSector(trx, id);
  if (crashVerdict(run) === 'requeue') {
    if (!(await requeueExpiredRun(trx, fence, { expiryMs }))) return { jobs: [] };
    return { jobs: await outboxJobs(trx, run) };
  }
  const held = await lockHeldRun(trx, fence);
  if (!held?.heartbeat_at || held.heartbeat_at.getTime() !== run.heartbeat_at?.getTime()) return { jobs: [] };
  const { code, message } = new BeeproError('WORKER_CRASHED', {
    phase: run.phase,
    detail: `${run.crashes + 1} claims ended without an answer, the last on ${run.worker}`,
  });
  return failLockedRun(trx, held, { code, message }, retryScale(modules.settings, id.miner));
}

/** Back-off is `not_before` in MySQL: what is due gets its job now. */
export async function queueDue(modules: SealingModules, signal: AbortSignal): Promise<void> {
  for (;;) {
    const runs = await listDueRuns(modules.db.kysely, PAGE);
    const one = async (run: PhaseRunRow) => {
      const { jobs } = await commitAndPublish(modules, (trx) => queueRun(trx, run), { again: true });
      if (jobs.length > 0)
        modules.log.debug({ event: 'run.due', runId: run.id, phase: run.phase }, 'run is due');
    };
    await inTurn(runs, one, signal);
    if (runs.length < PAGE || signal.aborted) return;
  }
}

async function queueRun(trx: Trx, run: PhaseRunRow): Promise<{ readonly jobs: readonly OutboxJob[] }> {
  await lockSector(trx, { miner: run.miner, number: run.number });
  if (!(await queueDueRun(trx, run.id))) return { jobs: [] };
  return { jobs: await outboxJobs(trx, run) };
}

async function outboxJobs(trx: Trx, run: PhaseRunRow): Promise<OutboxJob[]> {
  const jobs: OutboxJob[] = [];
  for (const job of jobsOfRun(run)) jobs.push({ ...job, outboxId: await insertOutbox(trx, job) });
  return jobs;
}

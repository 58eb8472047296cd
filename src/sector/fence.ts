import { killPoint, type SectorId } from '#core';
import {
  deferClaimedRun,
  findRun,
  finishRun,
  insertSectorEvent,
  lockHeldRun,
  lockSector,
  type PhaseRunRow,
  type RunFence,
  type RunTimes,
  replaceLandedFiles,
  type Trx,
} from '#db';
import { type Applied, applyEvent, type OutboxJob, startRun } from './apply.ts';
import { backoffMs, FULL_RETRY, failureKind, type RetryScale, triesOf } from './machine/index.ts';
import { eventOfResult, parsePhaseResult } from './phase-results.ts';

/** Who answers for a run: only the claim that MySQL still has counts. */
export interface Fence extends RunFence {
  readonly worker: string;
}

/** `superseded`: the fence was not found; the job is completed and its result thrown away. */
export type RunAnswer =
  | {
      readonly status: 'accepted';
      readonly run: PhaseRunRow;
      readonly applied: Applied;
      readonly jobs: readonly OutboxJob[];
    }
  | { readonly status: 'superseded' };

/**
 * Accepts a phase's result: under the sector's lock, if (attempt, claim) is still running by this worker, stores
 * it and moves the sector on. A doubled or late answer changes nothing.
 * @throws BeeproError `INPUT_INVALID` when the result is not one of its phase
 */
export async function acceptRun(
  trx: Trx,
  fence: Fence,
  result: Readonly<Record<string, unknown>>,
  times: RunTimes = {},
): Promise<RunAnswer> {
  const run = await lockFenced(trx, fence);
  if (!run) return { status: 'superseded' };
  const id: SectorId = { miner: run.miner, number: run.number };
  const event = eventOfResult(run.phase, fence.worker, result);
  await finishRun(trx, fence, { status: 'done', result }, times);
  if (run.phase === 'landing') {
    const { files } = parsePhaseResult('landing', result);
    await replaceLandedFiles(
      trx,
      id,
      run,
      files.map(({ storageId, ...file }) => ({ ...file, storage_id: storageId })),
    );
  }
  // Who was accepted, beside the row that says who held the claim: the audit compares the two.
  const { runId, attempt, claim, worker } = fence;
  await insertSectorEvent(trx, {
    ...id,
    event: 'run.accepted',
    data: { phase: run.phase, runId, attempt, claim, worker, ...standInOf(result) },
  });
  const applied = await applyEvent(trx, id, event);
  killPoint('accept.before-commit');
  return { status: 'accepted', run, applied, jobs: applied.jobs };
}

/** Records that a run failed, under the same fence, and lets the machine recover, back off or park. */
export async function failRun(
  trx: Trx,
  fence: Fence,
  failure: { readonly code: string; readonly message: string },
  retry: RetryScale = FULL_RETRY,
): Promise<RunAnswer> {
  const run = await lockFenced(trx, fence);
  if (!run) return { status: 'superseded' };
  const failed = await failLockedRun(trx, run, failure, retry);
  killPoint('accept.before-commit');
  return { status: 'accepted', run, ...failed };
}

/**
 * Puts a run back to wait because its time has not come (the chain is not there yet, another run holds the
 * sector): no failure, no try spent. The reason stays visible in the row.
 */
export async function deferRun(
  trx: Trx,
  fence: Fence,
  delayMs: number,
  reason: { readonly code: string; readonly message: string },
): Promise<boolean> {
  const run = await lockFenced(trx, fence);
  if (!run) return false;
  // A foreign host that cannot get the input must not win against the own one again and again.
  const closeOffer = run.queue_worker !== null && run.queue_worker !== fence.worker;
  return deferClaimedRun(trx, fence, Math.max(delayMs, 1), reason, { closeOffer });
}

/** Applies an event that only a live run may cause: PreCommit1's ticket. */
export async function applyFenced(
  trx: Trx,
  fence: Fence,
  event: Parameters<typeof applyEvent>[2],
): Promise<Applied | { readonly status: 'superseded' }> {
  const run = await lockFenced(trx, fence);
  if (!run) return { status: 'superseded' };
  return applyEvent(trx, { miner: run.miner, number: run.number }, event);
}

/** Fails a run whose worker is known to be gone, or that the fence has just confirmed. Its sector is locked. */
export async function failLockedRun(
  trx: Trx,
  run: PhaseRunRow,
  failure: { readonly code: string; readonly message: string },
  retry: RetryScale = FULL_RETRY,
): Promise<{ readonly applied: Applied; readonly jobs: readonly OutboxJob[] }> {
  await finishRun(
    trx,
    { runId: run.id, attempt: run.attempt, claim: run.claim },
    { status: 'failed', errorCode: failure.code, errorMessage: failure.message },
  );
  if (run.phase === 'unseal') return retryUnseal(trx, run, failure, retry);
  const input = Object.keys(run.input).length > 0 ? { input: run.input } : {};
  const id: SectorId = { miner: run.miner, number: run.number };
  const event = { type: 'phase.failed', phase: run.phase, ...failure, ...input } as const;
  const applied = await applyEvent(trx, id, event, retry);
  return { applied, jobs: applied.jobs };
}

/**
 * Unsealing changes no sector, and several may go on at once: its retries are counted in the run's own input,
 * by the same table.
 */
async function retryUnseal(
  trx: Trx,
  run: PhaseRunRow,
  failure: { readonly code: string },
  retry: RetryScale,
): Promise<{ readonly applied: Applied; readonly jobs: readonly OutboxJob[] }> {
  const id: SectorId = { miner: run.miner, number: run.number };
  const sector = await lockSector(trx, id);
  const kind = failureKind(run.phase, failure.code);
  const tries = Number(run.input.tries ?? 0) + 1;
  const again = tries <= triesOf(kind, retry);
  const next = { phase: run.phase, delayMs: backoffMs(kind, tries, retry), input: { ...run.input, tries } };
  const job = again ? await startRun(trx, id, sector.worker, next) : undefined;
  const refused = again ? 'unsealing is tried again' : 'unsealing has failed too often';
  return { applied: { refused, state: sector.state, jobs: [] }, jobs: job ? [job] : [] };
}

async function lockFenced(trx: Trx, fence: Fence): Promise<PhaseRunRow | undefined> {
  const seen = await findRun(trx, fence.runId);
  if (!seen) return undefined;
  await lockSector(trx, { miner: seen.miner, number: seen.number });
  const run = await lockHeldRun(trx, fence);
  return run?.worker === fence.worker ? run : undefined;
}

/** Nothing that a stand-in did passes for the real thing in a sector's log. */
function standInOf(result: Readonly<Record<string, unknown>>): { readonly standIn?: string } {
  return typeof result.standIn === 'string' ? { standIn: result.standIn } : {};
}

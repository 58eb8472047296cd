import { BeeproError, killPoint, type SectorId } from '#core';
import {
  deferClaimedRun,
  findRun,
  finishRun,
  type LockedSector,
  listRunFacts,
  lockHeldRun,
  lockSector,
  lockSectorAt,
  type PhaseRunRow,
  type RunFacts,
  type RunFence,
  type RunTimes,
  replaceLandedFiles,
  type Trx,
} from '#db';
import { type Applied, applyEvent, applyToLocked, type OutboxJob, startRun } from './apply.ts';
import { backoffMs, FULL_RETRY, failureKind, type RetryScale, triesOf } from './machine/index.ts';
import { eventOfResult, parsePhaseResult } from './phase-results.ts';

/** Who answers for a run: only the claim that MySQL still has counts. */
export interface Fence extends RunFence {
  readonly worker: string;
  /** The run's sector, where it is known; else it is looked up. */
  readonly sector?: SectorId;
}

/** `superseded`: the fence was not found; the job is completed and its result thrown away. */
export type RunAnswer =
  | {
      readonly status: 'accepted';
      readonly run: RunFacts;
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
  const id = await sectorOf(trx, fence);
  if (!id) return { status: 'superseded' };
  const locked = await lockSectorAt(trx, id);
  // The fence is checked by the statement that ends the run.
  if (!(await finishRun(trx, fence, { status: 'done', result }, times))) return { status: 'superseded' };
  const runs = await listRunFacts(trx, id);
  const run = ownRun(runs, fence);
  const event = eventOfResult(run.phase, fence.worker, result);
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
  const data = { phase: run.phase, runId, attempt, claim, worker, ...standInOf(result) };
  const logged = [{ ...id, event: 'run.accepted', data }];
  const applied = await applyToLocked(trx, { ...locked, runs }, event, { logged });
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
  const held = await lockWithSector(trx, fence);
  if (!held) return { status: 'superseded' };
  const { run } = held;
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
  const held = await lockWithSector(trx, fence);
  if (!held) return false;
  const { run } = held;
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
  const held = await lockWithSector(trx, fence);
  if (!held) return { status: 'superseded' };
  return applyToLocked(trx, { ...held.sector, runs: await listRunFacts(trx, held.id) }, event);
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

/** The sector first, then the run that the fence holds; undefined when it does not. */
async function lockWithSector(
  trx: Trx,
  fence: Fence,
): Promise<{ readonly id: SectorId; readonly sector: LockedSector; readonly run: PhaseRunRow } | undefined> {
  const id = await sectorOf(trx, fence);
  if (!id) return undefined;
  const sector = await lockSectorAt(trx, id);
  const run = await lockHeldRun(trx, fence);
  return run && { id, sector, run };
}

async function sectorOf(trx: Trx, { sector, runId }: Fence): Promise<SectorId | undefined> {
  if (sector) return sector;
  const run = await findRun(trx, runId);
  return run && { miner: run.miner, number: run.number };
}

function ownRun(runs: readonly RunFacts[], { runId }: Fence): RunFacts {
  const run = runs.find(({ id }) => id === runId);
  if (!run) throw new BeeproError('INTERNAL', { detail: `run ${runId} is not one of its sector` });
  return run;
}

/** Nothing that a stand-in did passes for the real thing in a sector's log. */
function standInOf(result: Readonly<Record<string, unknown>>): { readonly standIn?: string } {
  return typeof result.standIn === 'string' ? { standIn: result.standIn } : {};
}

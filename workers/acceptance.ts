import { isBeeproError, killPoint, toBeeproError } from '#core';
import { type Database, findRun, transaction } from '#db';
import type { Logger } from '#log';
import type { QueueBus } from '#queues';
import type { RunOutcome } from '#sealer';
import {
  acceptRun,
  deferRun,
  type Fence,
  failRun,
  type OutboxJob,
  publishJobs,
  type RetryScale,
} from '#sector';
import type { Deferral } from './deferral.ts';
import { patiently } from './patience.ts';

/** `earlier`: it was accepted already, and the word of it got lost in a crash or an outage. */
export type Verdict = 'accepted' | 'earlier' | 'superseded';

interface Modules {
  readonly database: Database;
  readonly bus: QueueBus;
  readonly log: Logger;
}

/**
 * Brings the outcome of a run into MySQL, however long MySQL is away: the journal holds it meanwhile. One
 * transaction checks the fence, stores the result and moves the sector on; then the next job is published.
 * @throws BeeproError when `signal` is aborted
 */
export async function accept(
  modules: Modules,
  fence: Fence,
  outcome: RunOutcome,
  retry: RetryScale,
  signal: AbortSignal,
): Promise<Verdict> {
  return persist(modules, fence, signal, async () => {
    const answer = await transaction(modules.database, async (trx) => {
      if ('failed' in outcome) return failRun(trx, fence, outcome.failed, retry);
      const [startedAt, answeredAt] = [new Date(outcome.startedAt), new Date(outcome.answeredAt)];
      return acceptRun(trx, fence, outcome.done, { startedAt, answeredAt });
    });
    return answer.status === 'accepted' ? answer.jobs : undefined;
  });
}

/** Puts the run back to wait, with the same patience. */
export async function defer(
  modules: Modules,
  fence: Fence,
  deferral: Deferral,
  signal: AbortSignal,
): Promise<Verdict> {
  const { code, message } = deferral.reason;
  return persist(modules, fence, signal, async () => {
    const deferred = await transaction(modules.database, (trx) =>
      deferRun(trx, fence, deferral.delayMs, { code, message }),
    );
    return deferred ? [] : undefined;
  });
}

async function persist(
  modules: Modules,
  fence: Fence,
  signal: AbortSignal,
  write: () => Promise<readonly OutboxJob[] | undefined>,
): Promise<Verdict> {
  const onPause = (error: unknown, pauseMs: number) =>
    modules.log.warn({ err: error, runId: fence.runId, pauseMs }, 'the result waits for MySQL');
  const jobs = await patiently(write, { signal, onPause });
  if (!jobs) return patiently(() => afterRefusal(modules.database, fence), { signal, onPause });
  killPoint('accept.after-commit');
  killPoint('transition.after-commit');
  await publish(modules, jobs);
  killPoint('accept.published');
  return 'accepted';
}

/** A commit whose word got lost looks like a lost fence; only the row tells them apart. */
async function afterRefusal(database: Database, fence: Fence): Promise<Verdict> {
  const row = await findRun(database.kysely, fence.runId);
  const ours = row?.attempt === fence.attempt && row.claim === fence.claim && row.worker === fence.worker;
  return ours && (row.status === 'done' || row.status === 'failed') ? 'earlier' : 'superseded';
}

/** The fast path; what fails here is published by the sealing role from the outbox. */
async function publish(modules: Modules, jobs: readonly OutboxJob[]): Promise<void> {
  try {
    await publishJobs(modules.database.kysely, modules.bus, jobs);
  } catch (error) {
    modules.log.warn({ err: error }, 'the next job is left to the publisher of the sealing role');
  }
}

/** Any thrown value as the outcome that the journal keeps. */
export function failureOutcome(
  thrown: unknown,
  times: { readonly startedAt: string; readonly answeredAt: string },
): Extract<RunOutcome, { failed: unknown }> {
  const { code, message } = toBeeproError(thrown);
  return { failed: { code, message }, startedAt: times.startedAt, answeredAt: times.answeredAt };
}

/** True of an error that says the run is another's by now: nothing is recorded for it. */
export function isLostClaim(error: unknown): boolean {
  return isBeeproError(error, 'SEALER_STALE_EPOCH') || isBeeproError(error, 'SEALER_CANCELLED');
}

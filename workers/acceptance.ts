import { setTimeout as sleep } from 'node:timers/promises';
import { BeeproError, isBeeproError, killPoint, toBeeproError } from '#core';
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

/** `earlier`: it was accepted already, and the word of it got lost in a crash or an outage. */
export type Verdict = 'accepted' | 'earlier' | 'superseded';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

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
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    signal.throwIfAborted();
    try {
      const jobs = await write();
      if (!jobs) return await afterRefusal(modules.database, fence);
      killPoint('accept.after-commit');
      killPoint('transition.after-commit');
      await publish(modules, jobs);
      killPoint('accept.published');
      return 'accepted';
    } catch (error) {
      if (!isOutage(error)) throw error;
      modules.log.warn({ err: error, runId: fence.runId, pauseMs: pause }, 'the result waits for MySQL');
      await sleep(pause, undefined, { signal });
    }
  }
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

/** Everything that the database does to us is waited out; what we did wrong ourselves never gets better. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof BeeproError))
    return error instanceof Error && 'code' in error && isDriverOutage(error);
  return error.code.startsWith('DB_') && error.severity === 'temporary';
}

/** Codes of mysql2 and of the system that mean a broken connection. */
function isDriverOutage(error: Error & { code: unknown }): boolean {
  return /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|PROTOCOL_)/.test(String(error.code));
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

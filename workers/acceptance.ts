import { isBeeproError, killPoint, type SectorState, toBeeproError } from '#core';
import { type Database, findRun, transaction } from '#db';
import type { Logger } from '#log';
import type { QueueBus } from '#queues';
import type { RunOutcome } from '#sealer';
import {
  type Applied,
  acceptRun,
  deferRun,
  failRun,
  type OutboxJob,
  publishJobs,
  type RetryScale,
} from '#sector';
import type { ActiveRun } from './active-run.ts';
import type { Deferral } from './deferral.ts';
import { isDatabaseOutage, patiently } from './patience.ts';

/**
 * `earlier`: it was accepted already, and the word of it got lost in a crash or an outage. `replaced`: a newer agent of
 * this host answers for the run, and nothing of it is this one's to touch.
 */
export type Verdict = 'accepted' | 'earlier' | 'superseded' | 'replaced';

interface Modules {
  readonly database: Database;
  readonly bus: QueueBus;
  readonly log: Logger;
  /** Claims a run again that was given back while this agent was not heard; false when it cannot be had. */
  readonly reclaim: (run: ActiveRun) => Promise<boolean>;
}

/**
 * Brings the outcome of a run into MySQL, however long MySQL is away: the journal holds it meanwhile. One
 * transaction checks the fence, stores the result and moves the sector on; then the next job is published.
 * @throws BeeproError when the agent leaves
 */
export async function accept(
  modules: Modules,
  run: ActiveRun,
  outcome: RunOutcome,
  retry: RetryScale,
): Promise<Verdict> {
  return persist(modules, run, async () => {
    const at = performance.now();
    const answer = await transaction(modules.database, async (trx) => {
      if ('failed' in outcome) return failRun(trx, run.fence, outcome.failed, retry);
      const [startedAt, answeredAt] = [new Date(outcome.startedAt), new Date(outcome.answeredAt)];
      return acceptRun(trx, run.fence, outcome.done, { startedAt, answeredAt });
    });
    if (answer.status !== 'accepted') return undefined;
    const state = stateHere(answer.applied);
    if (state) run.moved = { miner: run.row.miner, number: run.row.number, state, at };
    return answer.jobs;
  });
}

/** Where the sector stands now, if it stays on this host. A parked one takes the room of where it stood. */
function stateHere(applied: Applied): SectorState | undefined {
  if (!('transition' in applied)) return applied.state === 'Parked' ? undefined : applied.state;
  const { from, to, set } = applied.transition;
  if (set.worker !== undefined || from === 'Parked') return undefined;
  return to === 'Parked' ? from : to;
}

/** Puts the run back to wait, with the same patience. */
export async function defer(modules: Modules, run: ActiveRun, deferral: Deferral): Promise<Verdict> {
  const { code, message } = deferral.reason;
  return persist(modules, run, async () => {
    const deferred = await transaction(modules.database, (trx) =>
      deferRun(trx, run.fence, deferral.delayMs, { code, message }),
    );
    return deferred ? [] : undefined;
  });
}

async function persist(
  modules: Modules,
  run: ActiveRun,
  write: () => Promise<readonly OutboxJob[] | undefined>,
): Promise<Verdict> {
  const signal = run.leaving;
  const onPause = (error: unknown, pauseMs: number) =>
    modules.log.warn({ err: error, runId: run.row.id, pauseMs }, 'the result waits for MySQL');
  for (;;) {
    const jobs = await patiently(write, { signal, onPause });
    if (!jobs) {
      const isOutage = (error: unknown) => isDatabaseOutage(error) || isBeeproError(error, 'LEASE_LOST');
      const refusal = await patiently(() => afterRefusal(modules, run), { signal, onPause, isOutage });
      if (refusal === 'claimed again') continue;
      return refusal;
    }
    killPoint('accept.after-commit');
    killPoint('transition.after-commit');
    await publish(modules, jobs);
    killPoint('accept.published');
    return 'accepted';
  }
}

/**
 * A commit whose word got lost looks like a lost fence, and so does a claim that was given back to the queue while
 * this agent or MySQL stood still; only the row tells them apart.
 */
async function afterRefusal(modules: Modules, run: ActiveRun): Promise<Verdict | 'claimed again'> {
  const { attempt, claim, worker, hostEpoch = 0 } = run.fence;
  const row = await findRun(modules.database.kysely, run.row.id);
  if (row?.attempt !== attempt) return 'superseded';
  if (row.worker === worker && (row.host_epoch ?? 0) > hostEpoch) return 'replaced';
  const ended = row.status === 'done' || row.status === 'failed';
  if (row.worker === worker && row.claim === claim && ended) return 'earlier';
  // What was computed holds for any claim of this attempt: hours of work are not thrown away for a silence.
  if (row.status === 'queued' && (await modules.reclaim(run))) return 'claimed again';
  return 'superseded';
}

/** The fast path; what fails here is published by the sealing role from the outbox. */
async function publish({ database, bus, log }: Modules, jobs: readonly OutboxJob[]): Promise<void> {
  try {
    await publishJobs(database.kysely, bus, jobs);
  } catch (error) {
    log.warn({ err: error }, 'the next job is left to the publisher of the sealing role');
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

/** What an error says of whose the run is by now; undefined: still this agent's. Nothing is recorded for the others. */
export function lostClaim(error: unknown): 'dropped' | 'replaced' | undefined {
  if (isBeeproError(error, 'SEALER_STALE_EPOCH')) return 'replaced';
  return isBeeproError(error, 'SEALER_CANCELLED') ? 'dropped' : undefined;
}

import type { Settings } from '#config';
import type { Phase, SectorId } from '#core';
import { countRunsAhead, type Executor, listRunsOfSector, type PhaseRunRow, readServerTime } from '#db';
import { type Candidates, candidatesFor } from '#sched';
import { whyWaiting } from '../commands/why-waiting.ts';
import { readFleet } from './read-fleet.ts';

/** A run of a sector that has not begun, and what each host that might begin it says. */
export interface WaitingJob {
  readonly phase: Phase;
  readonly attempt: number;
  /** The host whose queue it waits in; null: the fleet's. */
  readonly host: string | null;
  /** It waits for its host, and any other that accepts it may take it too. */
  readonly offered: boolean;
  readonly waitingMs: number;
  /** Runs of its queue that come before it. */
  readonly ahead: number;
  readonly candidates: Candidates;
}

export interface WaitExplanation {
  /** What it waits for, as the end of the sentence `it waits for …`. */
  readonly waiting: string;
  readonly jobs: readonly WaitingJob[];
}

/**
 * What a sector waits for, and for each of its queued runs what every candidate host says of it.
 *
 * @param most candidates to name for each run, the nearest first; all are counted
 * @throws BeeproError `NOT_FOUND`
 */
export async function explainWaiting(
  executor: Executor,
  settings: Pick<Settings, 'get'>,
  id: SectorId,
  most: number,
): Promise<WaitExplanation> {
  const waiting = await whyWaiting(executor, id);
  const [queued, now] = await Promise.all([
    listRunsOfSector(executor, id, ['queued']),
    readServerTime(executor),
  ]);
  const jobs: WaitingJob[] = [];
  for (const run of queued) jobs.push(await explainRun(executor, settings, run, now, most));
  return { waiting, jobs };
}

async function explainRun(
  executor: Executor,
  settings: Pick<Settings, 'get'>,
  run: PhaseRunRow,
  now: Date,
  most: number,
): Promise<WaitingJob> {
  const { phase, attempt, queue_worker: host } = run;
  const offered = run.offered_at !== null;
  const [hosts, ahead] = await Promise.all([
    readFleet(executor, settings, offered ? undefined : (host ?? undefined)),
    countRunsAhead(executor, run),
  ]);
  return {
    phase,
    attempt,
    host,
    offered,
    waitingMs: Math.max(0, now.getTime() - run.runnable_at.getTime()),
    ahead,
    candidates: candidatesFor({ phase, host, offered }, hosts, most),
  };
}

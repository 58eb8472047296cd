import type { Settings } from '#config';
import type { Phase } from '#core';
import { type Executor, listLongestWaiting, readServerTime } from '#db';
import {
  type ClassSummary,
  type FleetHost,
  type SlotView,
  slotsOf,
  summariseClasses,
  troubleFirst,
} from '#sched';
import { type PledgingState, readFleet, readPledging } from '#sector';

/** Jobs that wait on the page; `beepro queue list` counts them all. */
const SHOWN_WAITING = 12;

export type SchedulingSettings = Pick<Settings, 'get' | 'explain'>;

/** What `/api/scheduling` answers. Times are ms, amounts attoFIL as text. */
export interface Scheduling {
  readonly at: string;
  readonly pledging: readonly PledgingState[];
  /** The jobs that have waited longest. */
  readonly waiting: readonly WaitingRow[];
  readonly classes: readonly ClassSummary[];
  /** Those asked for, the troubled first. */
  readonly workers: readonly (FleetHost & { readonly slots: readonly SlotView[] })[];
  /** How many were asked for, and how many there are. */
  readonly matching: number;
  readonly workerCount: number;
}

export interface WaitingRow {
  readonly sector: string;
  readonly phase: Phase;
  readonly host: string | null;
  readonly waitingMs: number;
}

export interface SchedulingQuery {
  /** Part of a name or a class; empty: all. */
  readonly find: string;
  readonly limit: number;
}

export async function readScheduling(
  db: Executor,
  settings: SchedulingSettings,
  query: SchedulingQuery,
): Promise<Scheduling> {
  const [hosts, pledging, runs, now] = await Promise.all([
    readFleet(db, settings),
    readPledging(db, settings),
    listLongestWaiting(db, SHOWN_WAITING),
    readServerTime(db),
  ]);
  const matching = hosts.filter((host) => host.worker.includes(query.find) || host.class === query.find);
  const shown = troubleFirst(matching).slice(0, query.limit);
  return {
    at: now.toISOString(),
    pledging,
    waiting: runs.map((run) => ({
      sector: `t0${run.miner}/${run.number}`,
      phase: run.phase,
      host: run.queue_worker,
      waitingMs: Math.max(0, now.getTime() - run.runnable_at.getTime()),
    })),
    classes: summariseClasses(hosts),
    workers: shown.map((host) => ({ ...host, slots: slotsOf(host) })),
    matching: matching.length,
    workerCount: hosts.length,
  };
}

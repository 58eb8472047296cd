import type { OperatorStamp } from '#config';
import {
  type Database,
  findWorker,
  heartbeatWorker,
  listQueuePauses,
  readServerTime,
  renewRuns,
  untilNoConflict,
  type WorkerRow,
} from '#db';
import type { Logger } from '#log';
import type { HostReport } from '#sched';
import type { ActiveRun } from './active-run.ts';

/** How often the operator's word (drain, pause) is read, in ms. */
const LOOK_MS = 1_000;

/** A report whose gist is the same is written again only so often, in ms: for the bytes in it, which people look at. */
const REPORT_MS = 15_000;

interface Modules {
  readonly worker: string;
  readonly database: Database;
  readonly log: Logger;
  readonly hostEpoch: () => number;
  readonly intervalMs: () => number;
  readonly runs: () => readonly ActiveRun[];
  readonly report: () => Promise<HostReport>;
  /** How many sectors this agent has begun: pledging counts those that the last report does not know. */
  readonly begun: () => number;
  /** A run whose fence no longer holds: claimed again if it can be had, else stopped, its sealer with it. */
  readonly onLost: (run: ActiveRun) => Promise<void>;
  /** While it is the same, the operator has said nothing new: MySQL need not be asked. */
  readonly stamp?: OperatorStamp | undefined;
  /** A newer agent has registered under this worker's name. */
  readonly onReplaced: () => void;
  /** The worker's state or the pauses have changed. */
  readonly onChange: () => void;
}

/** A report, and the moment that it tells of, by the server's clock. */
interface News {
  readonly report: HostReport;
  readonly asOf: Date;
  readonly gist: string;
}

/** Keeps this worker and its claims alive in MySQL, and sees what was taken from it. */
export class Heartbeat {
  readonly #modules: Modules;
  #timer: NodeJS.Timeout | undefined;
  #beatAt = 0;
  #closed = false;
  #forgetStamp: (() => void) | undefined;
  #failing = false;
  #state: WorkerRow['state'] = 'active';
  #paused: ReadonlySet<string> = new Set();
  /** The gist of the report that MySQL has. */
  #reported = '';
  #reportedAt = Number.NEGATIVE_INFINITY;
  /** Something of the report has changed since, or may have. */
  #isStale = false;
  /** Announced before the last look. */
  #stamp: string | undefined;

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  get state(): WorkerRow['state'] {
    return this.#state;
  }

  get paused(): ReadonlySet<string> {
    return this.#paused;
  }

  /** Reads once, then goes on by itself. */
  async start(): Promise<void> {
    await this.#look();
    this.#forgetStamp = this.#modules.stamp?.onChange(() => this.#lookSoon());
    this.#schedule();
  }

  #lookSoon(): void {
    // Where that fails the next tick looks again, and says so.
    this.#look().catch(() => undefined);
  }

  /** What the worker runs, or what it may, has changed: the next tick looks whether that is worth a report. */
  note(): void {
    this.#isStale = true;
  }

  close(): void {
    this.#closed = true;
    this.#forgetStamp?.();
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#tick(), Math.min(LOOK_MS, this.#modules.intervalMs())).unref();
  }

  async #tick(): Promise<void> {
    try {
      await this.#look();
      const isDue = performance.now() - this.#beatAt >= this.#modules.intervalMs();
      const news = await this.#news(isDue);
      const isKnown = isDue || news ? await this.#tell(news) : true;
      // Last, for an agent that was replaced while it stood still has nothing to renew and nobody to stop.
      if (isDue && isKnown) await this.#renew();
      if (this.#failing) this.#modules.log.info('heartbeats go on');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#modules.log.warn({ err: error }, 'heartbeats fail; they are tried on');
      this.#failing = true;
      this.#isStale = true;
    }
    this.#schedule();
  }

  /** The report, where MySQL has another or an old one. */
  async #news(isDue: boolean): Promise<News | undefined> {
    const isOld = isDue && performance.now() - this.#reportedAt >= REPORT_MS;
    if (!isOld && !this.#isStale) return undefined;
    this.#isStale = false;
    // Read before anything of the report: what begins meanwhile counts as begun since.
    const asOf = await readServerTime(this.#modules.database.kysely);
    const begun = this.#modules.begun();
    const report = await this.#modules.report();
    const gist = `${begun} ${gistOf(report)}`;
    return isOld || gist !== this.#reported ? { report, asOf, gist } : undefined;
  }

  /** A sign of life, with the report if there is news. False when another agent answers for this worker now. */
  async #tell(news: News | undefined): Promise<boolean> {
    const { database, worker, hostEpoch, onReplaced } = this.#modules;
    const epoch = hostEpoch();
    const report = news && { ...news.report };
    const known = await heartbeatWorker(database.kysely, worker, epoch, report, news?.asOf);
    if (known && news) {
      this.#reported = news.gist;
      this.#reportedAt = performance.now();
    }
    // The epoch rises when a lapsed lease is regained.
    if (!known && !this.#closed && epoch === hostEpoch()) onReplaced();
    return known;
  }

  /** Keeps the claims alive, and sees which are lost. */
  async #renew(): Promise<void> {
    const fences = new Map(this.#modules.runs().map((run) => [run.fence, run]));
    // Acceptances lock the same rows one by one: a deadlock with them is tried again, not waited out.
    const lost = await untilNoConflict(() => renewRuns(this.#modules.database.kysely, [...fences.keys()]));
    this.#beatAt = performance.now();
    for (const fence of lost) {
      const run = fences.get(fence);
      // A run that ended or was claimed again while it was looked at is not lost.
      if (run && !run.answered && run.fence.claim === fence.claim) await this.#modules.onLost(run);
    }
  }

  async #look(): Promise<void> {
    const { database, worker } = this.#modules;
    const stamp = this.#modules.stamp?.current;
    if (stamp !== undefined && stamp === this.#stamp) return;
    const [row, pauses] = await Promise.all([
      findWorker(database.kysely, worker),
      listQueuePauses(database.kysely),
    ]);
    // Read before the look, so what the look finds is at least as new.
    this.#stamp = stamp;
    const state = row?.state ?? 'removed';
    const paused = new Set(pauses.map((pause) => pause.queue));
    const changed = state !== this.#state || differ(paused, this.#paused);
    this.#state = state;
    this.#paused = paused;
    if (!changed) return;
    this.note();
    this.#modules.onChange();
  }
}

function differ(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size !== b.size || [...a].some((name) => !b.has(name));
}

/**
 * What of a report is worth a heartbeat before its time: what it would take, and why not more. Not the bytes, which
 * change with every look, nor what runs, which the runs' own rows say.
 */
function gistOf({
  memory: _memory,
  scratch: _scratch,
  running: _running,
  refusals,
  ...rest
}: HostReport): string {
  return JSON.stringify({ ...rest, refusals: refusals.map(({ phase, code }) => `${phase} ${code}`) });
}

import { type Database, findWorker, heartbeatWorker, listQueuePauses, renewRuns, type WorkerRow } from '#db';
import type { Logger } from '#log';
import type { HostReport } from '#sched';
import type { ActiveRun } from './active-run.ts';

/** How often the operator's word (drain, pause) is read, in ms. */
const LOOK_MS = 1_000;

interface Modules {
  readonly worker: string;
  readonly database: Database;
  readonly log: Logger;
  readonly hostEpoch: () => number;
  readonly intervalMs: () => number;
  readonly runs: () => readonly ActiveRun[];
  readonly report: () => Promise<HostReport>;
  /** A run whose fence no longer holds: claimed again if it can be had, else stopped, its sealer with it. */
  readonly onLost: (run: ActiveRun) => Promise<void>;
  /** A newer agent has registered under this worker's name. */
  readonly onReplaced: () => void;
  /** The worker's state or the pauses have changed. */
  readonly onChange: () => void;
}

/** Keeps this worker and its claims alive in MySQL, and sees what was taken from it. */
export class Heartbeat {
  readonly #modules: Modules;
  #timer: NodeJS.Timeout | undefined;
  #beatAt = 0;
  #closed = false;
  #failing = false;
  #state: WorkerRow['state'] = 'active';
  #paused: ReadonlySet<string> = new Set();
  /** The gist of the report that MySQL has. */
  #reported = '';

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
    this.#schedule();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => void this.#tick(), Math.min(LOOK_MS, this.#modules.intervalMs())).unref();
  }

  async #tick(): Promise<void> {
    try {
      await this.#look();
      const report = await this.#modules.report();
      const isDue = performance.now() - this.#beatAt >= this.#modules.intervalMs();
      if (isDue || gist(report) !== this.#reported) await this.#beat(report);
      if (this.#failing) this.#modules.log.info('heartbeats go on');
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#modules.log.warn({ err: error }, 'heartbeats fail; they are tried on');
      this.#failing = true;
    }
    this.#schedule();
  }

  async #beat(report: HostReport): Promise<void> {
    const { database, worker, hostEpoch, onReplaced } = this.#modules;
    // First, for an agent that was replaced while it stood still has nothing to renew and nobody to stop.
    const epoch = hostEpoch();
    const known = await heartbeatWorker(database.kysely, worker, epoch, { ...report });
    if (!known) {
      // The epoch rises when a lapsed lease is regained.
      if (!this.#closed && epoch === hostEpoch()) onReplaced();
      return;
    }
    const runs = this.#modules.runs();
    const fences = new Map(runs.map((run) => [run.fence, run]));
    const lost = await renewRuns(database.kysely, [...fences.keys()]);
    this.#beatAt = performance.now();
    this.#reported = gist(report);
    for (const fence of lost) {
      const run = fences.get(fence);
      // A run that ended or was claimed again while it was looked at is not lost.
      if (run && !run.answered && run.fence.claim === fence.claim) await this.#modules.onLost(run);
    }
  }

  async #look(): Promise<void> {
    const { database, worker } = this.#modules;
    const [row, pauses] = await Promise.all([
      findWorker(database.kysely, worker),
      listQueuePauses(database.kysely),
    ]);
    const state = row?.state ?? 'removed';
    const paused = new Set(pauses.map((pause) => pause.queue));
    const changed = state !== this.#state || differ(paused, this.#paused);
    this.#state = state;
    this.#paused = paused;
    if (changed) this.#modules.onChange();
  }
}

function differ(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size !== b.size || [...a].some((name) => !b.has(name));
}

/** What of a report is worth a heartbeat before its time: not the bytes, which change with every look. */
function gist({ memory: _memory, scratch: _scratch, refusals, ...rest }: HostReport): string {
  return JSON.stringify({ ...rest, refusals: refusals.map(({ phase, code }) => `${phase} ${code}`) });
}

import type { Phase } from '#core';
import { type Database, type PipelineTimes, readPipelineTimes } from '#db';
import type { Logger } from '#log';
import type { PaceView } from '#sched';
import type { SectorHere } from './resources/index.ts';

/** Phases whose durations the pace looks at. */
const PHASES: readonly Phase[] = ['add-piece', 'precommit1'];
/** How many of the last runs of each count. */
const NEWEST = 20;
/** What was learned is read anew at most so often, in ms. */
const FRESH_MS = 10_000;
/** A mean of twenty changes little by a few runs: so many must have ended since… */
const WORTH_RUNS = 5;
/** … or so much time must have passed with any, in ms. */
const WORTH_MS = 60_000;

interface Modules {
  readonly worker: string;
  readonly database: Database;
  readonly log: Logger;
}

/**
 * What this host has learned of its own pipeline. Reading goes on beside the decisions, which never wait for it:
 * until it is there, and while MySQL does not answer, they go by what was read before.
 */
export class PaceFacts {
  readonly #modules: Modules;
  #times: PipelineTimes = { durationsMs: {}, seedWaitMs: undefined };
  #readAt = Number.NEGATIVE_INFINITY;
  #ended = WORTH_RUNS;
  #reading = false;

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  /** A run of this host has ended. */
  runEnded(): void {
    this.#ended += 1;
  }

  /** @param beginning AddPiece runs, whose sectors are not this host's in the database yet */
  view(held: readonly Pick<SectorHere, 'state'>[], beginning: number): PaceView {
    this.#refresh();
    const states: Partial<Record<SectorHere['state'], number>> = {};
    if (beginning > 0) states.AddPiece = beginning;
    for (const { state } of held) states[state] = (states[state] ?? 0) + 1;
    const { durationsMs, seedWaitMs } = this.#times;
    return { states, durationsMs, ...(seedWaitMs === undefined ? {} : { seedWaitMs }) };
  }

  #refresh(): void {
    const age = performance.now() - this.#readAt;
    const isWorthIt = this.#ended >= WORTH_RUNS || (this.#ended > 0 && age >= WORTH_MS);
    if (this.#reading || !isWorthIt || age < FRESH_MS) return;
    const { database, worker, log } = this.#modules;
    this.#reading = true;
    this.#ended = 0;
    readPipelineTimes(database.kysely, worker, PHASES, NEWEST)
      .then(
        (times) => {
          this.#times = times;
        },
        (error: unknown) => {
          this.#ended = WORTH_RUNS;
          log.debug({ err: error }, 'the durations of earlier runs could not be read');
        },
      )
      .finally(() => {
        this.#readAt = performance.now();
        this.#reading = false;
      });
  }
}

import { BeeproError, type Phase, type SealProof } from '#core';
import type { PhaseRunRow } from '#db';
import type { FetchedJob } from '#queues';
import type { SealerCores, SealerSeat } from '#sealer';
import type { Fence } from '#sector';
import type { RunSealer } from './run-sealer.ts';
import type { SectorMove } from './sector-move.ts';

/** Why a run is stopped before its end. */
export type StopReason = 'superseded' | 'time-limit' | 'device-lost' | 'agent-stops';

/** When a run was claimed first, by this host's clocks. */
export interface RunStart {
  readonly began: Date;
  /** Milliseconds that had passed since when this agent took it on. */
  readonly elapsedMs: number;
}

/** A run that this agent has claimed and answers for. */
export class ActiveRun {
  readonly row: PhaseRunRow;
  readonly began: Date;
  readonly #worker: string;
  readonly #hostEpoch: () => number;
  readonly #work = new AbortController();
  readonly #stay = new AbortController();
  sealer: RunSealer | undefined;
  /** Its sector's proof, once the sector was read. */
  proof: SealProof | undefined;
  /** The cores that its sealer is bound to. */
  cores: SealerCores | undefined;
  /** The slot of a device that it holds until it is concluded. */
  seat: SealerSeat | undefined;
  /** It was left to the next agent although this one goes on: its sealer, if any, has not let go of the slot. */
  left = false;
  /** Its outcome is in the journal: nothing stops it any more but a lost fence. */
  answered = false;
  /** MySQL has its end: what is claimed of the same row from now on is another run. */
  concluded = false;
  /** What its accepted end has made of its sector; undefined also where that is not this host's any more. */
  moved: SectorMove | undefined;
  #claim: number;
  #job: FetchedJob | undefined;
  #reason: StopReason | undefined;
  readonly #elapsedBefore: number;
  /** By the monotonic clock: one that is set ends no run. */
  readonly #since = performance.now();

  constructor(
    row: PhaseRunRow,
    parts: {
      readonly worker: string;
      readonly hostEpoch: () => number;
      readonly job: FetchedJob | undefined;
      readonly start: RunStart;
    },
  ) {
    this.row = row;
    this.began = parts.start.began;
    this.#worker = parts.worker;
    this.#hostEpoch = parts.hostEpoch;
    this.#claim = row.claim;
    this.#job = parts.job;
    this.#elapsedBefore = Math.max(0, parts.start.elapsedMs);
  }

  /** What this agent shows for the run now: claim and host epoch may have risen since it began. */
  get fence(): Fence {
    const { id, attempt, miner, number } = this.row;
    return {
      runId: id,
      attempt,
      claim: this.#claim,
      worker: this.#worker,
      hostEpoch: this.#hostEpoch(),
      sector: { miner, number },
    };
  }

  /** Its BullMQ job; undefined when that was lost, which changes nothing. */
  get job(): FetchedJob | undefined {
    return this.#job;
  }

  /** Milliseconds since it was claimed, restarts of the agent included. */
  get elapsedMs(): number {
    return this.#elapsedBefore + performance.now() - this.#since;
  }

  get phase(): Phase {
    return this.row.phase;
  }

  /** Aborted when the computation is to end. */
  get signal(): AbortSignal {
    return this.#work.signal;
  }

  /** Aborted when the agent goes: also what only waits for MySQL ends then, and stays in the journal. */
  get leaving(): AbortSignal {
    return this.#stay.signal;
  }

  get stopReason(): StopReason | undefined {
    return this.#reason;
  }

  /** This agent has claimed the same run once more: the sweeper had given it back while the agent was not heard. */
  claimedAgain(row: PhaseRunRow, job?: FetchedJob): void {
    this.#claim = row.claim;
    this.#job = job ?? this.#job;
  }

  /** Stops the run. Its sealer is ended, unless only the agent goes: then it computes on for the next agent. */
  stop(reason: StopReason): void {
    const cancelled = new BeeproError('SEALER_CANCELLED');
    if (reason === 'agent-stops') this.#stay.abort(cancelled);
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#work.abort(cancelled);
    if (reason === 'agent-stops') this.sealer?.leave();
    else void this.sealer?.kill();
  }
}

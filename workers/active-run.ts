import { BeeproError, type Phase, type SealProof } from '#core';
import type { PhaseRunRow } from '#db';
import type { FetchedJob } from '#queues';
import type { SealerCores, SealerSeat } from '#sealer';
import type { Fence } from '#sector';
import type { RunSealer } from './run-sealer.ts';

/** Why a run is stopped before its end. */
export type StopReason = 'superseded' | 'time-limit' | 'device-lost' | 'agent-stops';

/** A run that this agent has claimed and answers for. */
export class ActiveRun {
  readonly row: PhaseRunRow;
  readonly fence: Fence;
  readonly began: Date;
  /** Its BullMQ job; undefined when that was lost, which changes nothing. */
  readonly job: FetchedJob | undefined;
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
  #reason: StopReason | undefined;
  /** What had passed when this agent took it on, by the wall clock: all that a restarted agent can know. */
  readonly #elapsedBefore: number;
  /** From then on by the monotonic one: a clock that is set ends no run. */
  readonly #since = performance.now();

  /** @param began when it was claimed first, by this host's clock */
  constructor(row: PhaseRunRow, worker: string, job: FetchedJob | undefined, began: Date) {
    this.began = began;
    this.#elapsedBefore = Math.max(0, Date.now() - began.getTime());
    this.row = row;
    this.fence = { runId: row.id, attempt: row.attempt, claim: row.claim, worker };
    this.job = job;
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

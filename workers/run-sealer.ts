import { BeeproError, type ErrorCode, isBeeproError, killPoint } from '#core';
import type {
  Answer,
  OpName,
  OpParams,
  ProcessIdentity,
  Progress,
  SealerLease,
  SealerReservation,
  StandIn,
} from '#sealer';
import { refuseStandIn } from '#sealer';

import { oomKills } from './oom-kills.ts';

/** After these the process is not trusted with anything again. */
const SUSPICIOUS: ReadonlySet<ErrorCode> = new Set([
  'SEALER_DIED',
  'SEALER_HUNG',
  'SEALER_GARBAGE',
  'SEALER_UNREACHABLE',
  'SEALER_PANIC',
  'SEALER_OUT_OF_MEMORY',
  'SEALER_GPU_LOST',
]);

/** Ops that the sealer journals; the others are pure questions. */
const QUESTIONS: ReadonlySet<OpName> = new Set(['verify-seal', 'params', 'capabilities', 'version', 'list']);

/** Ops that compute on a device's GPU, and must not fall back to the CPU without a word. */
const ON_GPU: ReadonlySet<OpName> = new Set(['pre-commit-2', 'commit-2']);

/** What the sealer warns of when the library has left the GPU in the middle (sealer/src/gpu.rs). */
const FELL_BACK = /^fell back to the CPU/;

/** The sealer process of one run: opened at the first request, given back or ended with the run. */
export class RunSealer {
  readonly #reservation: SealerReservation;
  readonly #runId: number;
  readonly #network: string;
  readonly #hostEpoch: () => number;
  readonly #onProgress: (progress: Progress) => void;
  readonly #mayEnd: () => Promise<boolean>;
  readonly #requireGpu: boolean;
  readonly #steps: string[] = [];
  #opening: Promise<SealerLease> | undefined;
  #lease: SealerLease | undefined;
  #ended = false;
  /** When the first request was sent. */
  startedAt: Date | undefined;
  /** What the library said when it left a GPU that was required: the result is right, and the GPU is not. */
  fellBack: string | undefined;

  constructor(parts: {
    readonly reservation: SealerReservation;
    readonly runId: number;
    /** The network of the sector's miner: a stand-in works for none but its own. */
    readonly network: string;
    readonly hostEpoch: () => number;
    readonly onProgress: (progress: Progress) => void;
    /** False when a newer agent of this host has taken over: the process is its, and not to be ended. */
    readonly mayEnd: () => Promise<boolean>;
    readonly requireGpu?: boolean;
  }) {
    this.#reservation = parts.reservation;
    this.#runId = parts.runId;
    this.#network = parts.network;
    this.#hostEpoch = parts.hostEpoch;
    this.#onProgress = parts.onProgress;
    this.#mayEnd = parts.mayEnd;
    this.#requireGpu = parts.requireGpu ?? false;
  }

  get name(): string {
    return this.#reservation.name;
  }

  /** The process, once it is open. */
  get process(): ProcessIdentity | undefined {
    return this.#lease?.process;
  }

  async request<O extends OpName>(step: string, op: O, params: OpParams[O]): Promise<Answer<O>['result']> {
    const lease = await this.#opened();
    const id = `r${this.#runId}.${step}`;
    if (!QUESTIONS.has(op)) this.#steps.push(id);
    const requireGpu = this.#requireGpu && ON_GPU.has(op);
    // Looked at with each sign of life, so that what else the kernel ended hours ago is not taken for this death; the
    // look before the last counts, since the last words of a process may be read after its end.
    let killsNow = oomKills();
    let killsBefore = killsNow;
    const answer = lease.client.request(op, params, {
      id,
      epoch: this.#hostEpoch(),
      onProgress: (progress) => {
        [killsBefore, killsNow] = [killsNow, oomKills()];
        this.#onProgress(progress);
      },
      requireGpu,
    });
    this.startedAt ??= new Date();
    killPoint('run.sealer-requested');
    try {
      const { result, warnings } = await answer;
      if (requireGpu) this.fellBack ??= warnings.find((warning) => FELL_BACK.test(warning));
      return result;
    } catch (error) {
      throw isBeeproError(error, 'SEALER_DIED') ? causeOfDeath(error, killsBefore) : error;
    }
  }

  /** What the sealer of this run is, when it is a stand-in; undefined too before it was opened. */
  get standIn(): StandIn | undefined {
    return this.#lease?.client.hello.stand_in;
  }

  /** The same, once it is open. */
  async findStandIn(): Promise<StandIn | undefined> {
    return (await this.#opened()).client.hello.stand_in;
  }

  #opened(): Promise<SealerLease> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** @throws BeeproError `SEALER_STAND_IN_REFUSED`, and what the pool says */
  async #open(): Promise<SealerLease> {
    const lease = await this.#reservation.open();
    this.#lease = lease;
    killPoint('run.sealer-spawned');
    try {
      refuseStandIn(lease.client.hello.stand_in, this.#network);
    } catch (error) {
      await lease.kill();
      throw error;
    }
    return lease;
  }

  /** After the outcome is in MySQL: the sealer forgets the run and serves others. */
  async finish(error: BeeproError | undefined): Promise<void> {
    if (error && SUSPICIOUS.has(error.code)) {
      await this.kill();
      return;
    }
    if (this.#ended) return;
    this.#ended = true;
    const lease = await this.#opening?.catch(() => undefined);
    if (!lease) {
      await this.#reservation.cancel();
      return;
    }
    try {
      for (const id of this.#steps)
        await lease.client.request('forget', { id }, { epoch: this.#hostEpoch() });
      lease.release();
    } catch (failure) {
      // It obeys a newer agent, which has this run.
      if (isBeeproError(failure, 'SEALER_STALE_EPOCH') || !(await this.#mayEnd())) return;
      await lease.kill(); // a process that cannot even forget is of no further use
    }
  }

  /** Ends the process, and with it what it computes. */
  async kill(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    if (!(await this.#mayEnd())) return;
    const lease = await this.#opening?.catch(() => undefined);
    if (lease) await lease.kill();
    else await this.#reservation.cancel();
  }

  /** The agent goes and the sealer stays: the next agent finds it by its name. */
  leave(): void {
    this.#ended = true;
  }
}

/** A sealer that the kernel ended for want of memory says so in the run's failure, and waits longer for its next try. */
function causeOfDeath(died: BeeproError, killsBefore: number | undefined): BeeproError {
  const killed = (oomKills() ?? 0) - (killsBefore ?? Number.POSITIVE_INFINITY);
  if (killed <= 0) return died;
  const detail = `it ended during ${died.data.op} as the kernel’s out-of-memory killer ended ${killed} process(es)`;
  return new BeeproError('SEALER_OUT_OF_MEMORY', { ...died.data, detail }, { cause: died });
}

import { type BeeproError, type ErrorCode, killPoint } from '#core';
import type {
  Answer,
  OpName,
  OpParams,
  ProcessIdentity,
  Progress,
  SealerLease,
  SealerReservation,
} from '#sealer';

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
  readonly #hostEpoch: () => number;
  readonly #onProgress: (progress: Progress) => void;
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
    readonly hostEpoch: () => number;
    readonly onProgress: (progress: Progress) => void;
    readonly requireGpu?: boolean;
  }) {
    this.#reservation = parts.reservation;
    this.#runId = parts.runId;
    this.#hostEpoch = parts.hostEpoch;
    this.#onProgress = parts.onProgress;
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
    this.#opening ??= this.#open();
    const lease = await this.#opening;
    const id = `r${this.#runId}.${step}`;
    if (!QUESTIONS.has(op)) this.#steps.push(id);
    const requireGpu = this.#requireGpu && ON_GPU.has(op);
    const answer = lease.client.request(op, params, {
      id,
      epoch: this.#hostEpoch(),
      onProgress: this.#onProgress,
      requireGpu,
    });
    this.startedAt ??= new Date();
    killPoint('run.sealer-requested');
    const { result, warnings } = await answer;
    if (requireGpu) this.fellBack ??= warnings.find((warning) => FELL_BACK.test(warning));
    return result;
  }

  async #open(): Promise<SealerLease> {
    const lease = await this.#reservation.open();
    this.#lease = lease;
    killPoint('run.sealer-spawned');
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
    } catch {
      await lease.kill(); // a process that cannot even forget is of no further use
    }
  }

  /** Ends the process, and with it what it computes. */
  async kill(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const lease = await this.#opening?.catch(() => undefined);
    if (lease) await lease.kill();
    else await this.#reservation.cancel();
  }

  /** The agent goes and the sealer stays: the next agent finds it by its name. */
  leave(): void {
    this.#ended = true;
  }
}

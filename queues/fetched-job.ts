import type { Job, Worker } from 'bullmq';
import type { QueueName } from './names.ts';
import type { PhaseJobData } from './queue-bus.ts';

/** How a job ended, as its return value in BullMQ says. */
export type JobEnd = 'done' | 'superseded' | 'failed-over' | 'cancelled';

/**
 * A job that this host has taken from its queue and holds the lock of. Ending one whose lock is gone is no
 * error: the record is MySQL, and the sweeper mends what BullMQ thinks.
 */
export class FetchedJob {
  readonly queue: QueueName;
  readonly jobId: string;
  readonly runId: number;
  readonly #worker: Worker<PhaseJobData>;
  readonly #job: Job<PhaseJobData>;
  readonly #token: string;
  readonly #release: (job: FetchedJob) => void;

  constructor(parts: {
    worker: Worker<PhaseJobData>;
    job: Job<PhaseJobData>;
    jobId: string;
    runId: number;
    token: string;
    release: (job: FetchedJob) => void;
  }) {
    this.queue = parts.worker.name;
    this.jobId = parts.jobId;
    this.runId = parts.runId;
    this.#worker = parts.worker;
    this.#job = parts.job;
    this.#token = parts.token;
    this.#release = parts.release;
  }

  /** Moves it to completed. Returns false when its lock or the job itself was gone. */
  async complete(end: JobEnd): Promise<boolean> {
    return this.#finish(() => this.#job.moveToCompleted({ end } as never, this.#token, false));
  }

  /** Moves it to failed, for Bull Board's eyes; retries are MySQL's business, with a new attempt. */
  async fail(code: string, message: string): Promise<boolean> {
    return this.#finish(() => this.#job.moveToFailed(new Error(`${code}: ${message}`), this.#token, false));
  }

  /** Gives it back to its queue, for a host that stops before it has claimed the run. */
  async giveBack(): Promise<boolean> {
    return this.#finish(() => this.#worker.getBackend().moveJobFromActiveToWait(this.jobId, this.#token));
  }

  async #finish(end: () => Promise<unknown>): Promise<boolean> {
    this.#release(this);
    try {
      await end();
      return true;
    } catch (error) {
      if (isLostLock(error)) return false;
      throw error;
    }
  }
}

/** BullMQ's ErrorCode values JobNotExist (-1), JobLockNotExist (-2), JobNotInState (-3), JobLockMismatch (-6). */
const LOST = new Set([-1, -2, -3, -6]);

function isLostLock(error: unknown): boolean {
  return error instanceof Error && 'code' in error && LOST.has(Number(error.code));
}

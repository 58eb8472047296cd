import { createHash } from 'node:crypto';
import { setTimeout as setTimeoutPromise } from 'node:timers/promises';
import { z } from 'zod';
import { FetchedJob } from './fetched-job.ts';
import type { QueueName } from './names.ts';
import { LOCK_MS, type QueueBus } from './queue-bus.ts';

const jobData = z.object({ runId: z.number().int().positive() });

/** How often jobs whose lock ran out are put back, in ms. */
const STALLED_EVERY_MS = 30_000;
/** Pause after a wait that Redis refused, in ms, so that a lasting refusal makes no busy loop. */
const ERROR_PAUSE_MS = 500;

const queueNumbers = z.array(z.number());

/**
 * The numbers, from 1 on, of the queues that hold jobs; each is four keys, its marker the last. BullMQ sets the marker
 * with each job that is taken, too: where no job is left it would wake a host for nothing, and goes in the same moment.
 */
const WAITING = `local found = {}
for i = 1, #KEYS, 4 do
  if redis.call('LLEN', KEYS[i]) > 0 or redis.call('ZCARD', KEYS[i + 1]) > 0 or redis.call('ZCARD', KEYS[i + 2]) > 0 then
    found[#found + 1] = (i + 3) / 4
  else
    redis.call('DEL', KEYS[i + 3])
  end
end
return found`;
/** As EVALSHA names it. */
const WAITING_DIGEST = createHash('sha1').update(WAITING).digest('hex');

export interface JobFetcherOptions {
  /** Holds the locks; stable per worker, so that a restarted agent can end the jobs that it had fetched. */
  readonly token: string;
  readonly onError?: (error: Error) => void;
}

/**
 * Takes jobs by hand, one when the host can start it at once, so that nothing is prefetched into a busy
 * machine. Waiting is one blocking `BZPOPMIN` over the marker keys of the queues that could be served now:
 * an added job wakes one waiting host in about a millisecond.
 */
export class JobFetcher {
  readonly #bus: QueueBus;
  readonly #options: JobFetcherOptions;
  readonly #held = new Map<string, FetchedJob>();
  readonly #served = new Set<QueueName>();
  readonly #jobKeys = new Map<QueueName, readonly string[]>();
  readonly #wakeKey: string;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Asked of Redis and not told to anybody yet: an answer that comes late is the next waiter's. */
  #popping: Promise<QueueName | undefined> | undefined;

  constructor(bus: QueueBus, options: JobFetcherOptions) {
    this.#bus = bus;
    this.#options = options;
    this.#wakeKey = bus.key('wake', options.token);
    this.#every(LOCK_MS / 3, () => this.#extendLocks());
    this.#every(STALLED_EVERY_MS, () => this.#putBackStalled());
  }

  /** Jobs whose locks this fetcher keeps alive. */
  get held(): number {
    return this.#held.size;
  }

  /**
   * Those of the queues that hold jobs, in the order given: one question, where a fetch from each would be one for each.
   * Another host may be quicker.
   */
  async withJobs(queues: readonly QueueName[]): Promise<QueueName[]> {
    if (queues.length === 0) return [];
    const keys = queues.flatMap((queue) => this.#jobKeysOf(queue));
    const found = queueNumbers.parse(await this.#waiting(keys));
    return found.flatMap((number) => queues[number - 1] ?? []);
  }

  /** Asked many times a second: by the script's digest, whose text Redis knows until it is restarted. */
  async #waiting(keys: readonly string[]): Promise<unknown> {
    const { client } = this.#bus;
    try {
      return await client.evalsha(WAITING_DIGEST, keys.length, ...keys);
    } catch (error) {
      if (!/^NOSCRIPT/.test((error as Error).message)) throw error;
      return client.eval(WAITING, keys.length, ...keys);
    }
  }

  #jobKeysOf(queue: QueueName): readonly string[] {
    const known = this.#jobKeys.get(queue);
    if (known) return known;
    const keys = ['wait', 'prioritized', 'delayed', 'marker'].map((part) => this.#bus.key(queue, part));
    this.#jobKeys.set(queue, keys);
    return keys;
  }

  /** Takes the next job of a queue, or nothing when none waits or the queue is paused. Never blocks. */
  async tryFetch(queue: QueueName): Promise<FetchedJob | undefined> {
    this.#served.add(queue);
    const worker = this.#bus.worker(queue);
    const token = this.#options.token;
    const job = await worker.getNextJob(token, { block: false });
    if (!job?.id) return undefined;
    const data = jobData.safeParse(job.data);
    const fetched = new FetchedJob({
      worker,
      job,
      jobId: job.id,
      // A job that somebody added by hand names no run; the claim of run 0 finds no row and supersedes it.
      runId: data.success ? data.data.runId : 0,
      token,
      release: (ended) => this.#held.delete(keyOf(ended)),
    });
    this.#held.set(keyOf(fetched), fetched);
    return fetched;
  }

  /**
   * Takes hold of a job again that this worker had fetched before it was restarted. Undefined when the job or
   * its lock is gone.
   */
  async adopt(queue: QueueName, jobId: string): Promise<FetchedJob | undefined> {
    this.#served.add(queue);
    const worker = this.#bus.worker(queue);
    const job = await this.#bus.queue(queue).getJob(jobId);
    const data = jobData.safeParse(job?.data);
    if (!job || !data.success) return undefined;
    if ((await worker.getBackend().extendLock(jobId, this.#options.token, LOCK_MS)) !== 1) return undefined;
    const fetched = new FetchedJob({
      worker,
      job,
      jobId,
      runId: data.data.runId,
      token: this.#options.token,
      release: (ended) => this.#held.delete(keyOf(ended)),
    });
    this.#held.set(keyOf(fetched), fetched);
    return fetched;
  }

  /**
   * Gives back what this worker had fetched before it was restarted and did not {@link adopt}: it died between the
   * fetch and the claim. Otherwise nobody would see these jobs until their locks have run out.
   */
  async giveBackForgotten(queues: readonly QueueName[]): Promise<number> {
    let count = 0;
    for (const queue of queues) {
      for (const id of await this.#bus.client.lrange(this.#bus.key(queue, 'active'), 0, -1)) {
        if (this.#held.has(`${queue}\0${id}`)) continue;
        if ((await this.#bus.client.get(this.#bus.key(queue, id, 'lock'))) !== this.#options.token) continue;
        await this.#bus.worker(queue).getBackend().moveJobFromActiveToWait(id, this.#options.token);
        count += 1;
      }
    }
    return count;
  }

  /**
   * Waits until one of the queues may have a job, {@link wake} is called, or `timeoutMs` are over: a popped
   * marker dies with the host that popped it, so nobody waits for ever. Returns the queue whose marker was taken, which
   * an earlier wait may have asked for; who then takes no job from it must {@link returnMarker}, or nobody else is woken.
   */
  async wait(queues: readonly QueueName[], timeoutMs: number): Promise<QueueName | undefined> {
    this.#popping ??= this.#pop(queues, timeoutMs);
    // ioredis waits for ever while Redis is down; the caller must not. What it waits for is not asked twice.
    const answer = await withTimeout(this.#popping, timeoutMs + 1_000);
    if (answer === 'late') return undefined;
    this.#popping = undefined;
    return answer.value;
  }

  /** Ends a {@link wait} of this worker, from whatever process. */
  async wake(): Promise<void> {
    await this.#bus.client.zadd(this.#wakeKey, 0, '0');
  }

  async returnMarker(queue: QueueName): Promise<void> {
    await this.#bus.client.zadd(this.#bus.key(queue, 'marker'), 0, '0');
  }

  /** Stops keeping locks alive. Held jobs stay locked until their locks run out, for a restart to adopt. */
  close(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#held.clear();
  }

  async #pop(queues: readonly QueueName[], ms: number): Promise<QueueName | undefined> {
    const byKey = new Map(queues.map((queue) => [this.#bus.key(queue, 'marker'), queue]));
    try {
      const keys = [...byKey.keys(), this.#wakeKey];
      const popped = await this.#bus.blocking().bzpopmin(...keys, Math.max(ms / 1_000, 0.001));
      return byKey.get(String(popped?.[0]));
    } catch (error) {
      this.#options.onError?.(error as Error);
      await setTimeoutPromise(ERROR_PAUSE_MS);
      return undefined;
    }
  }

  async #extendLocks(): Promise<void> {
    const byQueue = Map.groupBy(this.#held.values(), (job) => job.queue);
    for (const [queue, jobs] of byQueue) {
      const ids = jobs.map((job) => job.jobId);
      const tokens = ids.map(() => this.#options.token);
      await this.#bus.worker(queue).extendJobLocks(ids, tokens, LOCK_MS);
    }
  }

  async #putBackStalled(): Promise<void> {
    for (const queue of this.#served) await this.#bus.worker(queue).getBackend().moveStalledJobsToWait();
  }

  #every(ms: number, work: () => Promise<void>): void {
    let busy = false;
    const tick = async () => {
      if (busy) return;
      busy = true;
      try {
        await work();
      } catch (error) {
        this.#options.onError?.(error as Error);
      } finally {
        busy = false;
      }
    };
    this.#timers.push(setInterval(() => void tick(), ms).unref());
  }
}

/** The wake key of a worker's fetcher, for processes that want it to look again at once. */
export async function wakeWorker(bus: QueueBus, token: string): Promise<void> {
  await bus.client.zadd(bus.key('wake', token), 0, '0');
}

function keyOf(job: FetchedJob): string {
  return `${job.queue}\0${job.jobId}`;
}

async function withTimeout<T>(promise: Promise<T>, ms: number): Promise<{ readonly value: T } | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  try {
    return await Promise.race([promise.then((value) => ({ value })), late]);
  } finally {
    clearTimeout(timer);
  }
}

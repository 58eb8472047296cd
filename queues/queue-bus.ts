import { Queue, type QueueBaseOptions, QueueKeys, RedisConnection, RedisQueueBackend, Worker } from 'bullmq';
import { BeeproError } from '#core';
import { parseQueueName, type QueueName } from './names.ts';
import { describeRedisAddress, parseRedisAddress, type RedisAddress } from './redis-address.ts';
import { createRedisClient, type RedisClient } from './redis-client.ts';

/** What a job carries: an id, never data. */
export interface PhaseJobData {
  readonly runId: number;
}

export interface QueueBusOptions {
  /** As in `BEEPRO_REDIS_URL`. */
  readonly url: string;
  /** Separates installations, and test suites, that share one Redis. Default `beepro`. */
  readonly prefix?: string;
  /** Shown by `CLIENT LIST`: the role and, for a worker, its name. */
  readonly name: string;
  /** Called for connection trouble; commands wait and go on by themselves when Redis is back. */
  readonly onError?: (error: Error) => void;
}

/** Ended jobs kept in Redis for Bull Board's sake; the record is MySQL. */
const KEEP_ENDED = { completed: { count: 200 }, failed: { count: 500 } } as const;
/** Entries of a queue's event stream (about 55 bytes each): a host's queue has few readers. */
const EVENTS = { fleet: 1_000, host: 100 } as const;
/** A lock lasts this long without renewal, in ms. It is not the fence: that is in MySQL. */
export const LOCK_MS = 30_000;

/**
 * Every queue of the system over one connection, plus one for blocking waits: BullMQ's own way costs two
 * connections a queue, which 2,000 hosts with nine phases could not pay.
 */
export class QueueBus {
  readonly prefix: string;
  readonly address: RedisAddress;
  readonly #client: RedisClient;
  readonly #connection: RedisConnection;
  readonly #queues = new Map<QueueName, Queue<PhaseJobData>>();
  readonly #workers = new Map<QueueName, Worker<PhaseJobData>>();
  readonly #options: QueueBusOptions;
  #blocking: RedisClient | undefined;

  private constructor(options: QueueBusOptions, address: RedisAddress, client: RedisClient) {
    this.#options = options;
    this.address = address;
    // Braces make all keys share one hash slot, which Cluster demands of scripts that touch several.
    this.prefix = `{${options.prefix ?? 'beepro'}}`;
    this.#client = client;
    this.#client.on('error', (error: Error) => options.onError?.(error));
    this.#connection = new RedisConnection(client as never, { shared: true });
    // Emitted as well as passed to the client's listeners; unhandled it would end the process.
    this.#connection.on('error', () => undefined);
  }

  /** @throws BeeproError `REDIS_URL_MALFORMED`, `REDIS_UNREACHABLE` */
  static async open(options: QueueBusOptions, timeoutMs = 10_000): Promise<QueueBus> {
    const address = parseRedisAddress(options.url);
    const client = createRedisClient(address, `beepro:${options.name}`);
    let lastError: Error | undefined;
    client.on('error', (error: Error) => {
      lastError = error;
    });
    const deadline = AbortSignal.timeout(timeoutMs);
    const aborted = new Promise<never>((_, reject) => {
      deadline.addEventListener('abort', () => {
        const detail = lastError?.message ?? `no answer within ${timeoutMs} ms`;
        reject(new BeeproError('REDIS_UNREACHABLE', { url: describeRedisAddress(address), detail }));
      });
    });
    try {
      // A first failed attempt is retried by the client, so a refusal here is not yet the end.
      client.connect().catch(() => undefined);
      await Promise.race([client.ping(), aborted]);
    } catch (error) {
      client.disconnect();
      throw error;
    }
    return new QueueBus(options, address, client);
  }

  /** The shared connection, for Bull Board and the like. */
  get client(): RedisClient {
    return this.#client;
  }

  /**
   * For writers that can come back later: while Redis is away its client keeps every command in memory until it is
   * there again, and an outage may last days.
   * @throws BeeproError `REDIS_UNREACHABLE`
   */
  requireReady(): void {
    const { status } = this.#client;
    if (status === 'ready') return;
    const url = describeRedisAddress(this.address);
    throw new BeeproError('REDIS_UNREACHABLE', { url, detail: `the connection is ${status}` });
  }

  /** The BullMQ queue of this name; made once. */
  queue(name: QueueName): Queue<PhaseJobData> {
    const known = this.#queues.get(name);
    if (known) return known;
    const host = parseQueueName(name).worker !== undefined;
    const queue = new Queue<PhaseJobData>(
      name,
      {
        connection: this.#client as never,
        prefix: this.prefix,
        streams: { events: { maxLen: host ? EVENTS.host : EVENTS.fleet } },
        defaultJobOptions: { removeOnComplete: KEEP_ENDED.completed, removeOnFail: KEEP_ENDED.failed },
      },
      this.#backend,
    );
    queue.on('error', () => undefined);
    this.#queues.set(name, queue);
    return queue;
  }

  /** A BullMQ worker without a processor: fetching is by hand. */
  worker(name: QueueName): Worker<PhaseJobData> {
    const known = this.#workers.get(name);
    if (known) return known;
    const worker = new Worker<PhaseJobData>(
      name,
      null,
      {
        connection: this.#client as never,
        prefix: this.prefix,
        autorun: false,
        skipLockRenewal: true,
        lockDuration: LOCK_MS,
        // BullMQ would fail a job after its second crash, whatever attempts are left. MySQL counts crashes.
        maxStalledCount: 1_000_000,
        removeOnComplete: KEEP_ENDED.completed,
        removeOnFail: KEEP_ENDED.failed,
      },
      this.#backend,
    );
    worker.on('error', () => undefined);
    this.#workers.set(name, worker);
    return worker;
  }

  /** A connection of its own for commands that block. */
  blocking(): RedisClient {
    if (!this.#blocking) {
      this.#blocking = createRedisClient(this.address, `beepro:${this.#options.name}:wait`);
      this.#blocking.on('error', () => undefined);
    }
    return this.#blocking;
  }

  /** A Redis key within this installation, in the same hash slot as the queues. */
  key(...parts: string[]): string {
    return [this.prefix, ...parts].join(':');
  }

  async close(): Promise<void> {
    this.#blocking?.disconnect();
    await Promise.all([...this.#workers.values()].map((worker) => worker.close(true)));
    await Promise.all([...this.#queues.values()].map((queue) => queue.close()));
    await this.#connection.close(true);
    this.#client.disconnect();
  }

  readonly #backend = (name: string, opts: QueueBaseOptions): RedisQueueBackend => {
    const keys = new QueueKeys(this.prefix);
    const toKey = (type: string) => keys.toKey(name, type);
    return new RedisQueueBackend(this.#connection, name, keys.getKeys(name), toKey, opts, undefined, false);
  };
}

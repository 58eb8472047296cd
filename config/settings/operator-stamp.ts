import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { type Database, fingerprintOperatorWord } from '#db';

/**
 * What the operator's word (settings, states of workers, pauses) adds up to, as the coordinators announce it in Redis:
 * who has seen this stamp need not ask MySQL again.
 */
export interface OperatorStamp {
  /** Undefined: nobody announces, or Redis is away; then everybody looks for himself. */
  readonly current: string | undefined;
  /** Calls back when it has become another; returns the way to stop that. */
  onChange(listener: () => void): () => void;
}

interface StampOptions {
  readonly redis: Redis | Cluster;
  /** Separates installations that share a Redis; default `beepro`. */
  readonly prefix?: string;
}

/** A stamp without successor counts so long, in ms: a coordinator that hangs must not keep changes from the fleet. */
const VALID_MS = 2_000;
const WRITE_EVERY_MS = 500;
/** Between two looks of a reader, in ms. */
const READ_EVERY_MS = 1_000;
/** Longest wait for Redis, in ms. */
const READ_TIMEOUT_MS = 300;

function keyOf(options: StampOptions): string {
  return `{${options.prefix ?? 'beepro'}}:operator-stamp`;
}

/** Reads the announced stamp every second: a question that costs Redis a microsecond, where MySQL would be asked more. */
export class StampReader implements OperatorStamp, AsyncDisposable {
  readonly #options: StampOptions;
  readonly #listeners = new Set<() => void>();
  #current: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: StampOptions) {
    this.#options = options;
    void this.#look();
  }

  get current(): string | undefined {
    return this.#current;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
  }

  async #look(): Promise<void> {
    const before = this.#current;
    this.#current = await this.#read();
    if (this.#isClosed) return;
    if (this.#current !== undefined && this.#current !== before)
      for (const listener of this.#listeners) listener();
    this.#timer = setTimeout(() => void this.#look(), READ_EVERY_MS).unref();
  }

  async #read(): Promise<string | undefined> {
    const { redis } = this.#options;
    // Its client would keep the question until Redis is back.
    if (redis.status !== 'ready') return undefined;
    const answer = redis.get(keyOf(this.#options)).then(
      (stamp) => stamp ?? undefined,
      () => undefined,
    );
    const late = Promise.withResolvers<undefined>();
    const timer = setTimeout(() => late.resolve(undefined), READ_TIMEOUT_MS);
    return Promise.race([answer, late.promise]).finally(() => clearTimeout(timer));
  }
}

/**
 * Announces the stamp, for as long as it can read it from MySQL. Any number may: each reads the truth, and a stamp that
 * comes late only makes the fleet look once more.
 */
export class StampAnnouncer implements AsyncDisposable {
  readonly #options: StampOptions & {
    readonly database: Database;
    readonly onError?: ((error: unknown) => void) | undefined;
  };
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    options: StampOptions & {
      readonly database: Database;
      readonly onError?: ((error: unknown) => void) | undefined;
    },
  ) {
    this.#options = options;
    this.#running = this.#run();
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await this.#announce();
      } catch (error) {
        this.#options.onError?.(error);
      }
      await sleep(WRITE_EVERY_MS, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }

  async #announce(): Promise<void> {
    const { redis, database } = this.#options;
    if (redis.status !== 'ready') return;
    // Its time counts from before the question: an answer that MySQL gave late is no longer news.
    const askedAt = performance.now();
    const stamp = await fingerprintOperatorWord(database.kysely);
    const validMs = Math.floor(VALID_MS - (performance.now() - askedAt));
    if (validMs > 0) await redis.set(keyOf(this.#options), stamp, 'PX', validMs);
  }
}

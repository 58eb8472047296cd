import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from './database.ts';
import { acquireLease, type HeldLease, releaseLease, renewLease } from './repositories/leases.ts';
import { transaction } from './transaction.ts';

export interface LeaseKeeperOptions {
  readonly database: Database;
  readonly name: string;
  /** Unique per process start. */
  readonly holder: string;
  readonly ttlMs: number;
  /** See `acquireLease`. */
  readonly deadHolder?: string | undefined;
  /** Told once, when the lease is no longer held without having been released. */
  readonly onLost?: ((lease: HeldLease) => void) | undefined;
  /** Told of each renewal that failed for another reason than a lost lease; it is tried again until expiry. */
  readonly onRenewalFailed?: ((error: unknown) => void) | undefined;
}

/**
 * Holds one lease and renews it. Its end is counted from *before* each renewal was sent, on this process' monotonic
 * clock, so a holder stops by itself before the server lets anyone else in: also when the database is gone, and also
 * after a SIGSTOP, since `lease` compares clocks each time it is read.
 *
 * ```ts
 * const keeper = await holdLease({ database, name: 'host:a', holder, ttlMs: 15_000 });
 * if (keeper?.lease) await transaction(database, async (trx) => { await assertLease(trx, keeper.lease); … });
 * ```
 */
export class LeaseKeeper implements AsyncDisposable {
  readonly #options: LeaseKeeperOptions;
  readonly #lease: HeldLease;
  readonly #stopping = new AbortController();
  readonly #lost = new AbortController();
  #validUntil: number;
  #expiryTimer: NodeJS.Timeout | undefined;
  #renewals: Promise<void>;

  constructor(options: LeaseKeeperOptions, lease: HeldLease, askedAt: number) {
    this.#options = options;
    this.#lease = lease;
    this.#validUntil = askedAt + options.ttlMs;
    this.#armExpiry();
    this.#renewals = this.#renewUntilEnd();
  }

  /** The lease, as long as it is certainly held. */
  get lease(): HeldLease | undefined {
    return this.#isHeld() ? this.#lease : undefined;
  }

  /** Aborted when the lease is lost: whatever rests on it stops. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Stops renewing and lets the lease go, so that another can take it at once. */
  async release(): Promise<void> {
    const wasHeld = this.#isHeld();
    this.#stopping.abort();
    clearTimeout(this.#expiryTimer);
    await this.#renewals;
    if (wasHeld) await releaseLease(this.#options.database.kysely, this.#lease);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  #isHeld(): boolean {
    return (
      !this.#stopping.signal.aborted && !this.#lost.signal.aborted && performance.now() < this.#validUntil
    );
  }

  async #renewUntilEnd(): Promise<void> {
    const { database, ttlMs, onRenewalFailed } = this.#options;
    let isLastFailed = false;
    while (!this.#stopping.signal.aborted && !this.#lost.signal.aborted) {
      const pause = isLastFailed ? ttlMs / 10 : ttlMs / 3;
      await sleep(pause, undefined, { signal: this.#stopping.signal }).catch(ignoreAbort);
      if (this.#stopping.signal.aborted || this.#lost.signal.aborted) return;
      const askedAt = performance.now();
      try {
        if (!(await renewLease(database.kysely, this.#lease, ttlMs))) return this.#lose();
        isLastFailed = false;
        this.#validUntil = askedAt + ttlMs;
        this.#armExpiry();
      } catch (error) {
        isLastFailed = true;
        onRenewalFailed?.(error);
      }
    }
  }

  #armExpiry(): void {
    clearTimeout(this.#expiryTimer);
    this.#expiryTimer = setTimeout(() => this.#lose(), Math.max(0, this.#validUntil - performance.now()));
  }

  #lose(): void {
    if (this.#lost.signal.aborted || this.#stopping.signal.aborted) return;
    clearTimeout(this.#expiryTimer);
    this.#lost.abort();
    this.#options.onLost?.(this.#lease);
  }
}

/** Takes the lease and keeps it; undefined when another holds it. */
export async function holdLease(options: LeaseKeeperOptions): Promise<LeaseKeeper | undefined> {
  const askedAt = performance.now();
  const lease = await transaction(options.database, (trx) => acquireLease(trx, options));
  return lease && new LeaseKeeper(options, lease, askedAt);
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof Error && error.name === 'AbortError')) throw error;
}

import { performance } from 'node:perf_hooks';
import type { Database } from './database.ts';
import { acquireLease, type HeldLease, releaseLease, renewLease } from './repositories/leases.ts';
import { transaction } from './transaction.ts';

export interface LeaseKeeperOptions {
  readonly database: Database;
  readonly name: string;
  /** Unique per process start. */
  readonly holder: string;
  /** How long it holds without renewal, in ms; a function is asked before each renewal. */
  readonly ttlMs: number | (() => number);
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
  #endPause: (() => void) | undefined;
  #renewals: Promise<void>;

  constructor(options: LeaseKeeperOptions, lease: HeldLease, askedAt: number) {
    this.#options = options;
    this.#lease = lease;
    this.#validUntil = askedAt + termOf(options);
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

  /** Renews without waiting for its time: the term that `ttlMs` tells is another now. */
  renewNow(): void {
    this.#endPause?.();
  }

  /** Stops renewing and lets the lease go, so that another can take it at once. */
  async release(): Promise<void> {
    const wasHeld = this.#isHeld();
    this.#stopping.abort();
    clearTimeout(this.#expiryTimer);
    this.#endPause?.();
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
    const { database, onRenewalFailed } = this.#options;
    let isLastFailed = false;
    while (!this.#stopping.signal.aborted && !this.#lost.signal.aborted) {
      await this.#pause(termOf(this.#options) / (isLastFailed ? 10 : 3));
      if (this.#stopping.signal.aborted || this.#lost.signal.aborted) return;
      const askedAt = performance.now();
      const ttlMs = termOf(this.#options);
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

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#endPause = undefined;
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
  const ttlMs = termOf(options);
  const lease = await transaction(options.database, (trx) => acquireLease(trx, { ...options, ttlMs }));
  return lease && new LeaseKeeper(options, lease, askedAt);
}

function termOf({ ttlMs }: Pick<LeaseKeeperOptions, 'ttlMs'>): number {
  return typeof ttlMs === 'number' ? ttlMs : ttlMs();
}

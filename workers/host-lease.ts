import { BeeproError } from '#core';
import {
  acquireLease,
  type Database,
  findLease,
  type HeldLease,
  releaseLease,
  renewLease,
  transaction,
} from '#db';
import { identityOf, isAlive, pidNamespace, readBootId } from '#sealer';

/** The part of the time after which its holder stops: before the server thinks it over, whatever the clocks' rates are. */
const HOLD_SHARE = 0.9;

export interface HostLeaseOptions {
  readonly database: Database;
  readonly worker: string;
  /** Milliseconds that it holds without renewal, by the server's clock; it is renewed three times in that. */
  readonly ttlMs: () => number;
  /** The lease cannot be shown to be held any more: nothing may be claimed. */
  readonly onLapse: () => void;
  /** It is held again, with nobody in between: a new host epoch. Until this has ended nothing may be claimed. */
  readonly onRegained: (hostEpoch: number) => Promise<void>;
  /** From now on work may be claimed again. */
  readonly onHeldAgain: () => void;
  /** Another agent has it, or has had it meanwhile. */
  readonly onLost: (error: BeeproError) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * One agent for each worker's name, in all the fleet: a lease in MySQL whose token is the host epoch. Its holder
 * stops by its own monotonic clock, counted from before the renewal, so two clocks that disagree never make two
 * holders.
 */
export class HostLease {
  readonly #options: HostLeaseOptions;
  #lease: HeldLease;
  /** `performance.now()` until which the lease surely holds. */
  #holdsUntil: number;
  #lapsed = false;
  /** The term that the last renewal asked for, in ms. */
  #termMs: number;
  #renewing = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: HostLeaseOptions, lease: HeldLease, askedAt: number, ttlMs: number) {
    this.#options = options;
    this.#lease = lease;
    this.#holdsUntil = askedAt + ttlMs * HOLD_SHARE;
    this.#termMs = ttlMs;
    this.#schedule();
  }

  /** @throws BeeproError `WORKER_NAME_TAKEN` */
  static async acquire(options: HostLeaseOptions): Promise<HostLease> {
    const name = leaseName(options.worker);
    const before = await findLease(options.database.kysely, name);
    const askedAt = performance.now();
    const ttlMs = options.ttlMs();
    const lease = await transaction(options.database, (trx) =>
      acquireLease(trx, {
        name,
        holder: ownHolder(),
        ttlMs,
        deadHolder: before && isDeadHere(before.holder) ? before.holder : undefined,
      }),
    );
    if (lease) return new HostLease(options, lease, askedAt, ttlMs);
    const detail = `its lease is held by ${before?.holder ?? 'another agent'} until ${before?.expires_at.toISOString()}`;
    throw new BeeproError('WORKER_NAME_TAKEN', { name: options.worker, detail });
  }

  /** The fencing number: each holder's is higher than all before. */
  get hostEpoch(): number {
    return this.#lease.token;
  }

  get lease(): HeldLease {
    return this.#lease;
  }

  /** True while nobody else can hold it. */
  get holds(): boolean {
    return !this.#lapsed && performance.now() < this.#holdsUntil;
  }

  /** Lets go, so that the next agent need not wait. */
  async release(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    await releaseLease(this.#options.database.kysely, this.#lease);
  }

  /** Renews at once when the term is another now, rather than at a third of the old one. */
  retime(): void {
    if (this.#closed || this.#lapsed || this.#renewing || this.#options.ttlMs() === this.#termMs) return;
    clearTimeout(this.#timer);
    void this.#renew();
  }

  /** Stops renewing, without letting go. */
  abandon(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    if (this.#closed) return;
    const delay = this.#lapsed ? 1_000 : this.#options.ttlMs() / 3;
    this.#timer = setTimeout(() => void this.#renew(), delay).unref();
  }

  async #renew(): Promise<void> {
    const askedAt = performance.now();
    const ttlMs = this.#options.ttlMs();
    this.#termMs = ttlMs;
    this.#renewing = true;
    const expiry = setTimeout(() => this.#lapse(), Math.max(0, this.#holdsUntil - askedAt)).unref();
    try {
      const renewed = !this.#lapsed && (await renewLease(this.#options.database.kysely, this.#lease, ttlMs));
      if (this.#closed) return;
      if (renewed && performance.now() < this.#holdsUntil) this.#holdsUntil = askedAt + ttlMs * HOLD_SHARE;
      else await this.#regain();
    } catch (error) {
      this.#options.onError(error);
    } finally {
      clearTimeout(expiry);
      this.#renewing = false;
    }
    if (performance.now() >= this.#holdsUntil) this.#lapse();
    this.#schedule();
  }

  #lapse(): void {
    if (this.#lapsed || this.#closed) return;
    this.#lapsed = true;
    this.#options.onLapse();
  }

  /** After an outage of MySQL: taken again, if the token shows that nobody has held it meanwhile. */
  async #regain(): Promise<void> {
    this.#lapse();
    const askedAt = performance.now();
    const ttlMs = this.#options.ttlMs();
    const { name, holder, token } = this.#lease;
    const lease = await transaction(this.#options.database, (trx) =>
      acquireLease(trx, { name, holder, ttlMs, deadHolder: holder, lastToken: token }),
    );
    if (this.#closed) return;
    // A restored database may have forgotten the lease; then it begins anew with a token of the past.
    if (!lease || lease.token <= token) {
      this.#closed = true;
      if (lease) await releaseLease(this.#options.database.kysely, lease);
      this.#options.onLost(new BeeproError('WORKER_LEASE_LOST', { name: this.#options.worker }));
      return;
    }
    this.#lease = lease;
    this.#holdsUntil = askedAt + ttlMs * HOLD_SHARE;
    await this.#options.onRegained(lease.token);
    this.#lapsed = false;
    this.#options.onHeldAgain();
  }
}

function leaseName(worker: string): string {
  return `worker:${worker}`;
}

/** This very process: a restarted one is another holder. */
function ownHolder(): string {
  const own = identityOf(process.pid);
  return [own?.bootId, pidNamespace(), process.pid, own?.startTime].join('/');
}

/**
 * A holder on this boot of this machine whose process is gone. One of another boot or pid namespace is another
 * machine or container, and may live.
 */
function isDeadHere(holder: string): boolean {
  const [bootId, namespace, pid, startTime] = holder.split('/');
  if (bootId !== readBootId() || namespace !== pidNamespace()) return false;
  return !isAlive({ bootId, pid: Number(pid), startTime: Number(startTime) });
}

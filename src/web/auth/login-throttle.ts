/** Failed logins allowed from one address before it has to wait. */
const FREE_FAILURES = 5;
const WAIT_MS = 30_000;
/** Addresses remembered at most; the oldest is forgotten first. */
const MAX_ADDRESSES = 10_000;

/** Slows down the guessing of passwords: after five failures an address waits half a minute. */
export class LoginThrottle {
  readonly #failures = new Map<string, { count: number; lastMs: number }>();

  /** Milliseconds until this address may try again; 0 when it may now. */
  waitMs(address: string, nowMs: number): number {
    const entry = this.#failures.get(address);
    if (!entry || entry.count < FREE_FAILURES) return 0;
    return Math.max(0, entry.lastMs + WAIT_MS - nowMs);
  }

  failed(address: string, nowMs: number): void {
    const count = (this.#failures.get(address)?.count ?? 0) + 1;
    this.#failures.delete(address);
    this.#failures.set(address, { count, lastMs: nowMs });
    const oldest = this.#failures.keys().next().value;
    if (this.#failures.size > MAX_ADDRESSES && oldest !== undefined) this.#failures.delete(oldest);
  }

  succeeded(address: string): void {
    this.#failures.delete(address);
  }
}

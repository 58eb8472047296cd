/** Names that are remembered for a while, and at most so many. */
export class ExpiringSet {
  readonly #until = new Map<string, number>();
  readonly #most: number;
  readonly #ttlMs: number;

  constructor(most: number, ttlMs: number) {
    this.#most = most;
    this.#ttlMs = ttlMs;
  }

  add(name: string, now: number): void {
    this.#until.delete(name);
    this.#until.set(name, now + this.#ttlMs);
    const [oldest] = this.#until.keys();
    if (this.#until.size > this.#most && oldest !== undefined) this.#until.delete(oldest);
  }

  has(name: string, now: number): boolean {
    const until = this.#until.get(name);
    if (until === undefined || until >= now) return until !== undefined;
    this.#until.delete(name);
    return false;
  }

  delete(name: string): void {
    this.#until.delete(name);
  }
}

/** The integral over time of something that changes in steps, from a moment on. */
export class Meter {
  #value = 0;
  #since = 0;
  #total = 0;

  get value(): number {
    return this.#value;
  }

  add(difference: number, now: number): void {
    this.#total += this.#value * (now - this.#since);
    this.#since = now;
    this.#value += difference;
  }

  /** Forgets what was before now. */
  reset(now: number): void {
    this.#total = 0;
    this.#since = now;
  }

  total(now: number): number {
    return this.#total + this.#value * (now - this.#since);
  }
}

/** The value below which the fraction of the sorted values lies; NaN of none. */
export function percentile(sorted: readonly number[], fraction: number): number {
  const index = Math.min(sorted.length - 1, Math.floor(fraction * sorted.length));
  return sorted[index] ?? Number.NaN;
}

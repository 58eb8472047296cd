import type { Bytes } from '#core';

interface Entry {
  readonly value: unknown;
  readonly bytes: Bytes;
  /** ms of the clock given; Infinity for ever. */
  readonly until: number;
}

export interface CacheBounds {
  readonly entries: number;
  readonly bytes: Bytes;
}

/** Answers that cannot change, the least recently used dropped first, bounded in number and in bytes. */
export class AnswerCache {
  readonly #bounds: CacheBounds;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;
  hits = 0;
  misses = 0;

  constructor(bounds: CacheBounds, now: () => number = () => performance.now()) {
    this.#bounds = bounds;
    this.#now = now;
  }

  get size(): CacheBounds {
    return { entries: this.#entries.size, bytes: this.#bytes };
  }

  get(key: string): { readonly value: unknown } | undefined {
    const entry = this.#entries.get(key);
    if (!entry || entry.until < this.#now()) {
      this.#drop(key);
      this.misses += 1;
      return undefined;
    }
    this.hits += 1;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** One that would take more than a sixteenth of the room is not kept: it would drive out everything else. */
  set(key: string, value: unknown, bytes: Bytes, ttlMs = Number.POSITIVE_INFINITY): void {
    this.#drop(key);
    if (bytes * 16 > this.#bounds.bytes) return;
    this.#entries.set(key, { value, bytes, until: this.#now() + ttlMs });
    this.#bytes += bytes;
    while (this.#entries.size > this.#bounds.entries || this.#bytes > this.#bounds.bytes) {
      const [oldest] = this.#entries.keys();
      if (oldest === undefined) return;
      this.#drop(oldest);
    }
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}

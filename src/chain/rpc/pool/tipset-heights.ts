import type { Epoch } from '#core';

const MOST = 5_000;

/** Heights of the tipsets that this process has met, by their keys; the newest so many. */
export class TipSetHeights {
  readonly #heights = new Map<string, Epoch>();

  get(key: string): Epoch | undefined {
    return this.#heights.get(key);
  }

  set(key: string, height: Epoch): void {
    this.#heights.delete(key);
    this.#heights.set(key, height);
    const [oldest] = this.#heights.keys();
    if (this.#heights.size > MOST && oldest !== undefined) this.#heights.delete(oldest);
  }
}

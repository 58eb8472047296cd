import type { Chain } from './chain.ts';

/**
 * Makes a block every block time. Time that passes while the clock stands, or the program, is not made up for
 * by null rounds: the chain goes on where it was.
 */
export class BlockClock {
  readonly #chain: Chain;
  readonly #blockTimeMs: number;
  readonly #onFailure: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #due = 0;

  constructor(chain: Chain, onFailure: (error: unknown) => void) {
    this.#chain = chain;
    this.#blockTimeMs = chain.options.blockTimeMs;
    this.#onFailure = onFailure;
  }

  get running(): boolean {
    return this.#running;
  }

  resume(): void {
    if (this.#running) return;
    this.#running = true;
    this.#due = performance.now();
    this.#schedule();
  }

  pause(): void {
    this.#running = false;
    clearTimeout(this.#timer);
  }

  #schedule(): void {
    // Null rounds take their time too: what is due is counted from the height that comes next.
    this.#due = Math.max(this.#due + this.#blockTimeMs * this.#nextGap(), performance.now());
    this.#timer = setTimeout(() => void this.#tick(), Math.max(0, this.#due - performance.now()));
  }

  #nextGap(): number {
    const { seed } = this.#chain.options.randomness;
    let gap = 1;
    while (seed.isNullRound(this.#chain.head.height + gap)) gap++;
    return gap;
  }

  async #tick(): Promise<void> {
    try {
      if (this.#running) await this.#chain.produce();
    } catch (error) {
      // The next tick tries again: a sealer that was away may be back.
      this.#onFailure(error);
    }
    if (this.#running) this.#schedule();
  }
}

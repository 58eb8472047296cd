import { setTimeout as sleep } from 'node:timers/promises';
import { type Faults, NO_FAULTS } from './faults.ts';

/** What becomes of a call before anything looks at it. */
export type Admission = 'answered' | 'stalled' | 'failed' | 'limited';

/** Stands before a node's methods and lets calls in as its faults have it. */
export class FaultGate {
  faults: Faults = NO_FAULTS;
  readonly #onDeath: () => void;
  readonly #random: () => number;
  #allowance = 0;
  #refilledAt = 0;

  /** `onDeath`: it dies as `dieAfter` says. `random`: draws for `errorShare`, in [0, 1). */
  constructor(onDeath: () => void, random: () => number) {
    this.#onDeath = onDeath;
    this.#random = random;
  }

  /** Before a call is executed; waits as long as a slow node does. */
  async enter(signal: AbortSignal): Promise<Admission> {
    if (this.faults.stall) return 'stalled';
    if (!this.#isAllowed()) return 'limited';
    if (this.faults.errorShare > 0 && this.#random() < this.faults.errorShare) return 'failed';
    // Whoever called may have gone; then there is nobody left to answer.
    if (this.faults.slowMs > 0) await sleep(this.faults.slowMs, undefined, { signal }).catch(() => undefined);
    return this.faults.stall ? 'stalled' : 'answered';
  }

  /** After it was executed: whether the answer is to be cut off. */
  cuts(method: string): boolean {
    const { dieAfter, stall } = this.faults;
    if (dieAfter === '*' || (dieAfter !== null && method === `Filecoin.${dieAfter}`)) {
      this.#onDeath();
      return true;
    }
    return stall;
  }

  /** A bucket that holds one second's calls. */
  #isAllowed(): boolean {
    const { callsPerSecond } = this.faults;
    if (callsPerSecond === null) return true;
    const now = performance.now();
    const gained = ((now - this.#refilledAt) / 1_000) * callsPerSecond;
    this.#refilledAt = now;
    this.#allowance = Math.min(Math.max(callsPerSecond, 1), this.#allowance + gained);
    if (this.#allowance < 1) return false;
    this.#allowance -= 1;
    return true;
  }
}

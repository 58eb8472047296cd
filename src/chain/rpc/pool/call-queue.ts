export interface QueueLimits {
  /** Most calls at once. */
  readonly atOnce: () => number;
  /** Most that wait. */
  readonly waiting: () => number;
}

export interface QueuedCall {
  readonly urgent: boolean;
  /** Ends the wait. */
  readonly signal: AbortSignal;
}

/** Too many wait already. */
export class QueueFull extends Error {}

/**
 * So many calls at once, the others in turn, urgent ones first. Limits are read at each step, so that a change counts
 * at once.
 */
export class CallQueue {
  readonly #limits: QueueLimits;
  readonly #urgent: (() => void)[] = [];
  readonly #ordinary: (() => void)[] = [];
  #running = 0;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#urgent.length + this.#ordinary.length;
  }

  /**
   * Waits for its turn, then does `work`.
   * @throws QueueFull when too many wait, the signal's reason when it aborts while waiting, and what `work` throws
   */
  async run<T>(work: () => Promise<T>, { urgent, signal }: QueuedCall): Promise<T> {
    signal.throwIfAborted();
    if (this.#running >= this.#limits.atOnce() || this.waiting > 0) await this.#turn(urgent, signal);
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      this.#next();
    }
  }

  async #turn(urgent: boolean, signal: AbortSignal): Promise<void> {
    if (this.waiting >= this.#limits.waiting()) throw new QueueFull();
    const line = urgent ? this.#urgent : this.#ordinary;
    await new Promise<void>((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', give);
        // The place is held from now on, not from when the caller goes on.
        this.#running += 1;
        resolve();
      };
      const give = () => {
        line.splice(line.indexOf(begin), 1);
        reject(signal.reason);
      };
      signal.addEventListener('abort', give, { once: true });
      line.push(begin);
      this.#next();
    });
    this.#running -= 1;
  }

  #next(): void {
    while (this.#running < this.#limits.atOnce()) {
      const begin = this.#urgent.shift() ?? this.#ordinary.shift();
      if (!begin) return;
      begin();
    }
  }
}

import { formatDuration } from '#core';

/** Between two lines where nothing can be rewritten, in ms. */
const PLAIN_EVERY_MS = 10_000;

/** Where progress is written: stderr, so that what a command says stays clean. */
export interface ProgressTarget {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * Long work on a terminal: one line that is rewritten, with the share that is done and the time left. In a log or a
 * pipe a line every ten seconds.
 */
export class ProgressLine {
  readonly #target: ProgressTarget;
  readonly #now: () => number;
  #what: string | undefined;
  #startedAt = 0;
  #writtenAt: number;
  #isOpen = false;

  constructor(target: ProgressTarget = process.stderr, now: () => number = () => performance.now()) {
    this.#target = target;
    this.#now = now;
    this.#writtenAt = target.isTTY ? Number.NEGATIVE_INFINITY : now();
  }

  /** @param fraction of the work that is done, 0 to 1; undefined where that is unknown */
  update(what: string, fraction?: number): void {
    const now = this.#now();
    if (what !== this.#what) {
      this.#what = what;
      this.#startedAt = now;
      if (this.#target.isTTY) this.#writtenAt = Number.NEGATIVE_INFINITY;
    }
    if (now - this.#writtenAt < (this.#target.isTTY ? 100 : PLAIN_EVERY_MS)) return;
    this.#writtenAt = now;
    const text = [what, ...progressNotes(now - this.#startedAt, fraction)].join(', ');
    this.#target.write(this.#target.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
    this.#isOpen = this.#target.isTTY === true;
  }

  /** Leaves the terminal's line clean for what comes next. */
  done(): void {
    if (this.#isOpen) this.#target.write('\r\u001b[K');
    this.#isOpen = false;
  }
}

/** `42 %`, `3m05s left`: the time left is told once it can be. */
export function progressNotes(elapsedMs: number, fraction: number | undefined): string[] {
  if (fraction === undefined) return [];
  const percent = `${Math.floor(Math.min(1, fraction) * 100)} %`;
  if (fraction <= 0.01 || elapsedMs < 1_000 || fraction >= 1) return [percent];
  return [percent, `${formatDuration((elapsedMs * (1 - fraction)) / fraction)} left`];
}

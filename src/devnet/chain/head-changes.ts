import type { TipSet } from './tipset.ts';

export interface HeadChange {
  readonly type: 'current' | 'apply' | 'revert';
  readonly tipSet: TipSet;
}

export type HeadListener = (changes: readonly HeadChange[]) => void;

/** Tells listeners of every new head: what was reverted, newest first, then what was applied, oldest first. */
export class HeadChanges {
  readonly #listeners = new Set<HeadListener>();

  /** Returns the end of the subscription. */
  subscribe(listener: HeadListener): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  publish(changes: readonly HeadChange[]): void {
    if (changes.length > 0) for (const listener of [...this.#listeners]) listener(changes);
  }
}

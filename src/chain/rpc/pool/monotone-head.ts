import type { Epoch } from '#core';

/** A head, from whom, and when it was first seen (ms of a monotonic clock). */
export interface SeenHead {
  readonly node: string;
  readonly height: Epoch;
  readonly at: number;
}

/**
 * Whether a head takes the place of the one that was given last. A node may take its own head back: that is a reorg.
 * A lower one of another node is that node's lag, and the last one stays, for as long as a node may lag and be asked.
 */
export function isNextHead(last: SeenHead | undefined, next: SeenHead, holdMs: number): boolean {
  return !last || next.node === last.node || next.height >= last.height || next.at - last.at > holdMs;
}

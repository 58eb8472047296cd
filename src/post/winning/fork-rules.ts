import type { CidString, Epoch } from '#core';

/** A block that the miner has signed, or may have: `cid` is null when the node was asked and its answer was lost. */
export interface OwnBlock {
  readonly epoch: Epoch;
  readonly parents: readonly CidString[];
  readonly cid: CidString | null;
}

/** A block that is about to be signed. */
export interface WantedBlock {
  readonly epoch: Epoch;
  readonly parents: readonly CidString[];
  readonly base: {
    readonly height: Epoch;
    /** The parents of the base's own blocks. */
    readonly parents: readonly CidString[];
  };
}

export type ForkVerdict =
  | { readonly verdict: 'sign' }
  | { readonly verdict: 'refuse'; readonly because: ForkReason; readonly own?: OwnBlock };

export type ForkReason =
  /** The history does not reach back to this epoch, so an earlier block of it cannot be excluded. */
  'history-unknown' | 'double-fork' | 'time-offset' | 'parent-grinding';

/**
 * Whether signing a block could be a consensus fault, which costs the miner its block rewards and 900 epochs of
 * mining: two blocks of one epoch, two blocks upon the same parents, or a block upon the siblings of an own block and
 * not upon that. Source: Lotus `slashfilter`, builtin-actors `verify_consensus_fault`.
 *
 * @param history all own blocks from `knownFrom` on; a block that may have been signed counts as one that was
 * @param knownFrom the first epoch of which the history is whole. After a restore of the database, or without one, it
 *   lies ahead of the wall clock: until then nothing is signed, nor upon a base before it
 */
export function forkVerdict(
  wanted: WantedBlock,
  history: readonly OwnBlock[],
  knownFrom: Epoch,
): ForkVerdict {
  const refuse = (because: ForkReason, own?: OwnBlock): ForkVerdict =>
    own ? { verdict: 'refuse', because, own } : { verdict: 'refuse', because };
  if (wanted.epoch < knownFrom || wanted.base.height < knownFrom) return refuse('history-unknown');
  for (const own of history) {
    if (own.epoch === wanted.epoch) return refuse('double-fork', own);
    if (isSameTipSet(own.parents, wanted.parents)) return refuse('time-offset', own);
    const isSibling = own.epoch === wanted.base.height && isSameTipSet(own.parents, wanted.base.parents);
    if (isSibling && (own.cid === null || !wanted.parents.includes(own.cid)))
      return refuse('parent-grinding', own);
  }
  return { verdict: 'sign' };
}

/** Tipsets are sets: the order of their blocks follows from the tickets. */
function isSameTipSet(a: readonly CidString[], b: readonly CidString[]): boolean {
  return a.length === b.length && a.every((cid) => b.includes(cid));
}

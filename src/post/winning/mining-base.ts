import { blake2b256 } from '#codec';
import type { CidString, Epoch } from '#core';

/** Of a tipset what mining upon it needs. */
export interface BaseTipSet {
  readonly height: Epoch;
  /** In the tipset's canonical order. */
  readonly blocks: readonly BaseBlock[];
  readonly weight: bigint;
  /** Unix time, in seconds: that of its blocks. */
  readonly timestamp: number;
}

export interface BaseBlock {
  readonly cid: CidString;
  readonly ticket: Uint8Array;
}

/** A tipset to mine upon, for an epoch that may lie some null rounds after it. */
export interface MiningBase {
  readonly tipSet: BaseTipSet;
  readonly epoch: Epoch;
}

/**
 * What to mine upon for `epoch`: the heavier of what was chosen before and the head, the older one when they weigh
 * the same, as nodes do; undefined when the head is already of that epoch or later: it is too late for a block.
 * Source: Lotus `miner.GetBestMiningCandidate`.
 */
export function chooseBase(
  epoch: Epoch,
  head: BaseTipSet,
  earlier: BaseTipSet | undefined,
): MiningBase | undefined {
  const usable = earlier && earlier.height < epoch ? earlier : undefined;
  if (head.height >= epoch) return usable && { tipSet: usable, epoch };
  const tipSet = usable && head.weight <= usable.weight ? usable : head;
  return { tipSet, epoch };
}

/**
 * The base after the wait for equivocation: a miner who sent two blocks of one epoch has lost both by now, so the base
 * keeps those blocks that the head still has, and takes no new ones. A head of another height, or without any block in
 * common, changes nothing: the network will tell which of the two it follows. Where nodes go by weight here (Lotus
 * `miner.mineOne`), this goes by blocks alone, since a head that has lost a block weighs less.
 */
export function refreshBase(base: MiningBase, head: Pick<BaseTipSet, 'height' | 'blocks'>): MiningBase {
  const { tipSet } = base;
  if (head.height !== tipSet.height) return base;
  const kept = new Set(head.blocks.map((block) => block.cid));
  const blocks = tipSet.blocks.filter((block) => kept.has(block.cid));
  if (blocks.length === 0 || blocks.length === tipSet.blocks.length) return base;
  return { ...base, tipSet: { ...tipSet, blocks } };
}

/** The ticket that the next one is bound to: the smallest of the tipset, by its hash. Source: Lotus `Ticket.Less`. */
export function smallestTicket(blocks: readonly BaseBlock[]): Uint8Array {
  const hashed = blocks.map(({ ticket }) => ({
    ticket,
    hash: Buffer.from(blake2b256(ticket)).toString('hex'),
  }));
  hashed.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0));
  return hashed[0]?.ticket ?? new Uint8Array();
}

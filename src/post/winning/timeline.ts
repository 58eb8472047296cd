import type { Epoch } from '#core';

/** How the time of an epoch is used. All in ms. */
export interface MiningPace {
  readonly blockDelayMs: number;
  /** How long blocks of the epoch before may take to arrive. Source: Lotus `build.PropagationDelaySecs`, 10 s. */
  readonly propagationMs: number;
  /** How long two blocks of one miner may take to be noticed. Source: Lotus `EquivocationDelaySecs`, 2 s. */
  readonly equivocationMs: number;
}

/** When the steps towards the block of an epoch are taken; Unix times in ms. */
export interface MiningTimes {
  /** The base is chosen and the election held: the blocks of the epoch before have arrived. */
  readonly begin: number;
  /** The head is read again, and the base loses what the network has dropped. Not before. */
  readonly refresh: number;
  /** The block's own timestamp: it is submitted then and at no earlier time. */
  readonly submit: number;
  /** From here on the submission is late: others mine without the block. */
  readonly late: number;
}

/** A block that is submitted later than so long after its timestamp counts as late, in ms. */
const LATE_MS = 500;

/**
 * The times of `epoch` by the timestamp of a tipset before it, null rounds or not. The whole work lies in the epoch
 * before: the signed block is ready before its timestamp. On a chain too fast for the prescribed waits they shrink to a
 * half of an epoch together.
 */
export function miningTimes(
  epoch: Epoch,
  base: { readonly height: Epoch; readonly timestamp: number },
  pace: MiningPace,
): MiningTimes {
  const { blockDelayMs } = pace;
  const submit = base.timestamp * 1_000 + (epoch - base.height) * blockDelayMs;
  const waits = pace.propagationMs + pace.equivocationMs;
  const share = waits > 0 ? Math.min(1, blockDelayMs / 2 / waits) : 1;
  const begin = submit - blockDelayMs + pace.propagationMs * share;
  return { begin, refresh: begin + pace.equivocationMs * share, submit, late: submit + LATE_MS };
}

/** The epoch that is worked for at `now`: the one whose block is to be submitted next. */
export function epochToMine(
  now: number,
  base: { readonly height: Epoch; readonly timestamp: number },
  blockDelayMs: number,
): Epoch {
  return base.height + Math.floor((now - base.timestamp * 1_000) / blockDelayMs) + 1;
}

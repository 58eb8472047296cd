import type { AttoFil } from '#core';

/** Gas of one message: limit in gas units, cap and premium in attoFIL a unit. */
export interface Gas {
  readonly limit: bigint;
  readonly feeCap: AttoFil;
  readonly premium: AttoFil;
}

export type FeeDecision =
  | { readonly send: Gas }
  /** Over the cap: the message waits without a nonce. `needed` is what sending now may cost. */
  | { readonly wait: { readonly needed: AttoFil } };

/** The most that a message may cost. */
export function feeOf(gas: Gas): AttoFil {
  return gas.limit * gas.feeCap;
}

/**
 * What an estimate asks the node to stay below: more than there is. Asked for nothing, Lotus cuts the fee cap to a
 * limit of its own (`DefaultMaxFee`, 0.07 FIL), below the base fee where a batch is large: a message that nobody
 * includes, on a nonce that all later ones wait for. The operator's cap is {@link decideFee}'s business.
 */
export const NODE_MAX_FEE: AttoFil = 2_000_000_000n * 10n ** 18n;

/**
 * Whether a message may go out under its fee cap, and with what gas. The node's cap has head room for twenty blocks
 * of rising base fee; where the operator's cap allows less, less is taken, as long as the next blocks would still
 * include it: twice a rise of 12.5 % (Lotus `ComputeNextBaseFee`), and the premium on top. Nothing ever goes out that
 * they would not include.
 */
export function decideFee(estimate: Gas, baseFee: AttoFil, maxFee: AttoFil): FeeDecision {
  const soon = (baseFee * 81n + 63n) / 64n;
  const least = soon + 1n;
  const wanted = estimate.feeCap > least ? estimate.feeCap : least;
  const allowed = estimate.limit === 0n ? 0n : maxFee / estimate.limit;
  if (allowed < least) return { wait: { needed: estimate.limit * least } };
  const feeCap = wanted < allowed ? wanted : allowed;
  const premium = estimate.premium < feeCap ? estimate.premium : feeCap;
  return { send: { limit: estimate.limit, feeCap, premium } };
}

/**
 * Gas of a replacement with the same nonce and content, or undefined when the cap leaves no room for one. The
 * premium rises by a quarter (Lotus' `ReplaceByFeePercentageDefault`), at least by the network's minimum of a tenth
 * and one, never above the fee cap, which may have to rise with it.
 */
export function replacementGas(old: Gas, estimate: Gas, maxFee: AttoFil): Gas | undefined {
  const quarter = (old.premium * 125n) / 100n;
  const minimum = (old.premium * 110n) / 100n + 1n;
  const premium = max(quarter, minimum, estimate.premium);
  const highest = old.limit === 0n ? 0n : maxFee / old.limit;
  const feeCap = min(max(old.feeCap, estimate.feeCap, premium), highest);
  if (max(quarter, minimum) > feeCap) return undefined;
  return { limit: old.limit, feeCap, premium: min(premium, feeCap) };
}

function max(first: bigint, ...others: readonly bigint[]): bigint {
  let highest = first;
  for (const value of others) if (value > highest) highest = value;
  return highest;
}

function min(first: bigint, second: bigint): bigint {
  return max(-first, -second) * -1n;
}

import type { AttoFil } from '#core';
import { highest, lowest } from './amounts.ts';

/** Gas of one message: limit in gas units, cap and premium in attoFIL a unit. */
export interface Gas {
  readonly limit: bigint;
  readonly feeCap: AttoFil;
  readonly premium: AttoFil;
}

/** What gas costs, in attoFIL a unit. */
export interface Prices {
  readonly baseFee: AttoFil;
  /** What gets a message into one of the next blocks. */
  readonly premium: AttoFil;
}

export type FeeDecision =
  | { readonly send: Gas }
  /** Over the cap: the message waits without a nonce. `needed` is what sending now may cost. */
  | { readonly wait: { readonly needed: AttoFil } };

/** What a message may cost now, by the operator's settings. Amounts are attoFIL. */
export interface MessageCaps {
  /** For the whole message. */
  readonly maxFee: AttoFil;
  /** For one unit of gas, premium included; undefined: whatever `maxFee` allows. */
  readonly feeCap?: AttoFil | undefined;
  /** Of that, for the block's miner; undefined: whatever the fee cap allows. */
  readonly premium?: AttoFil | undefined;
  /** Factor on the estimated gas limit. */
  readonly overestimation: number;
}

/** The most that a message of this gas limit may cost, both limits counted. */
export function costCap(limit: bigint, caps: MessageCaps): AttoFil {
  return caps.feeCap === undefined ? caps.maxFee : lowest(caps.maxFee, limit * caps.feeCap);
}

/** State may have grown by the time the message executes. In thousandths, since gas is a whole number. */
export function overestimated(used: bigint, caps: MessageCaps): bigint {
  return (used * BigInt(Math.round(caps.overestimation * 1000))) / 1000n;
}

/** The most that a message may cost. */
export function feeOf(gas: Gas): AttoFil {
  return gas.limit * gas.feeCap;
}

/** The base fee after twenty full blocks: 1.125^20, in 256ths. Source: Lotus `GasEstimateFeeCap`, `MaxQueueBlocks`. */
const HEAD_ROOM = 2_699n;

/** The gas that a node would propose for a message of this limit, its premium cut to `maxPremium`. */
export function marketGas(limit: bigint, market: Prices, maxPremium: AttoFil = market.premium): Gas {
  const premium = lowest(market.premium, maxPremium);
  return { limit, feeCap: (market.baseFee * HEAD_ROOM) / 256n + premium, premium };
}

/**
 * The least fee cap that the next two blocks take whatever they hold: twice a rise of 12.5 % (Lotus
 * `ComputeNextBaseFee`), and one for the premium.
 */
export function leastFeeCap(baseFee: AttoFil): AttoFil {
  return (baseFee * 81n + 63n) / 64n + 1n;
}

/**
 * Whether a message may go out under its fee cap, and with what gas. The node's cap has head room for twenty blocks
 * of rising base fee; where the operator's cap allows less, less is taken, as long as the next blocks would still
 * include it: twice a rise of 12.5 % (Lotus `ComputeNextBaseFee`), and the premium on top. Nothing ever goes out that
 * they would not include.
 */
export function decideFee(estimate: Gas, baseFee: AttoFil, maxFee: AttoFil): FeeDecision {
  const least = leastFeeCap(baseFee);
  const wanted = highest(estimate.feeCap, least);
  const allowed = estimate.limit === 0n ? 0n : maxFee / estimate.limit;
  if (allowed < least) return { wait: { needed: estimate.limit * least } };
  const feeCap = lowest(wanted, allowed);
  const premium = lowest(estimate.premium, feeCap);
  return { send: { limit: estimate.limit, feeCap, premium } };
}

/** As {@link decideFee}, for a gas limit at the market's prices. */
export function decideFor(limit: bigint, market: Prices, caps: MessageCaps): FeeDecision {
  return decideFee(marketGas(limit, market, caps.premium), market.baseFee, costCap(limit, caps));
}

/** The least premium with which a mempool takes another message of the same nonce. Source: Lotus `ComputeMinRBF`. */
export function minimumReplacementPremium(old: AttoFil): AttoFil {
  return (old * 110n) / 100n + 1n;
}

/**
 * Gas of a replacement with the same nonce and content, or undefined when the cap leaves no room for one. The
 * premium rises by a quarter (Lotus' `ReplaceByFeePercentageDefault`), at least by the network's minimum of a tenth
 * and one, never above the fee cap, which may have to rise with it.
 */
export function replacementGas(old: Gas, estimate: Gas, maxFee: AttoFil): Gas | undefined {
  const quarter = (old.premium * 125n) / 100n;
  const minimum = minimumReplacementPremium(old.premium);
  const premium = highest(quarter, minimum, estimate.premium);
  const most = old.limit === 0n ? 0n : maxFee / old.limit;
  const feeCap = lowest(highest(old.feeCap, estimate.feeCap, premium), most);
  if (highest(quarter, minimum) > feeCap) return undefined;
  return { limit: old.limit, feeCap, premium: lowest(premium, feeCap) };
}

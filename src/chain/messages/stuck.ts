import type { AttoFil } from '#core';
import { highest, lowest } from './amounts.ts';
import {
  costCap,
  type Gas,
  leastFeeCap,
  type MessageCaps,
  marketGas,
  minimumReplacementPremium,
  type Prices,
  replacementGas,
} from './fee.ts';

export interface StuckFacts {
  /** Gas of the newest version. */
  readonly gas: Gas;
  readonly market: Prices;
  /** How long the newest version has been out, in ms. */
  readonly outMs: number;
  /** How often the message was made dearer already. */
  readonly replacements: number;
  readonly caps: MessageCaps;
}

export interface StuckRules {
  /** The first replacement comes after so long, each further one after twice as long as the one before, in ms. */
  readonly afterMs: number;
  readonly most: number;
}

export type StuckVerdict =
  /** Its fee is not what keeps it out, or it has not been out long enough. */
  | { readonly is: 'fine' }
  | { readonly is: 'dearer'; readonly gas: Gas }
  /** `needed` is what it may cost with a fee that the next blocks take. */
  | { readonly is: 'over-cap'; readonly needed: AttoFil }
  | { readonly is: 'spent' };

/**
 * Whether a message in the mempool, whose nonce is the next of its sender, is to be replaced by a dearer one. Paying
 * more helps only one that producers leave out for its fee: a fee cap below the base fee, or too little left of it
 * for them.
 */
export function stuckVerdict(facts: StuckFacts, rules: StuckRules): StuckVerdict {
  const { gas, market, caps } = facts;
  const wanted = marketGas(gas.limit, market, caps.premium);
  if (tip(gas, market.baseFee) >= wanted.premium) return { is: 'fine' };
  if (facts.replacements >= rules.most) return { is: 'spent' };
  if (facts.outMs < rules.afterMs * 2 ** Math.min(facts.replacements, 20)) return { is: 'fine' };
  const least = leastFeeCap(market.baseFee);
  const dearer = replacementGas(gas, wanted, costCap(gas.limit, caps));
  const isAllowed = dearer && (caps.premium === undefined || dearer.premium <= caps.premium);
  if (isAllowed && dearer.feeCap >= least) return { is: 'dearer', gas: dearer };
  const premium = minimumReplacementPremium(gas.premium);
  return { is: 'over-cap', needed: gas.limit * highest(premium, least) };
}

/** What a producer gets of each unit of gas; below zero it cannot include the message at all. */
function tip(gas: Gas, baseFee: AttoFil): AttoFil {
  return lowest(gas.feeCap - baseFee, gas.premium);
}

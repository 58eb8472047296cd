import type { AttoFil } from '#core';
import { BLOCK_GAS_LIMIT } from '../policy.ts';

export const MINIMUM_BASE_FEE: AttoFil = 100n;
/** At most an eighth up or down an epoch. Source: Lotus `BaseFeeMaxChangeDenom`. */
export const BASE_FEE_MAX_CHANGE_DENOM = 8n;
/** The block is taken to be full when this much gas is claimed at some premium. Source: `BlockGasTargetIndex`. */
const TARGET_INDEX = BigInt(Math.floor((BLOCK_GAS_LIMIT * 80) / 100) - 1);

export interface GasClaim {
  readonly limit: bigint;
  readonly feeCap: AttoFil;
  readonly premium: AttoFil;
}

/** What a message offers above the base fee. Source: Lotus `Message.EffectiveGasPremium`. */
export function effectivePremium({ feeCap, premium }: GasClaim, baseFee: AttoFil): AttoFil {
  const room = feeCap - baseFee;
  if (room < 0n) return 0n;
  return premium < room ? premium : room;
}

/**
 * The base fee after a tipset, from network version 28 on by the premium that the 80th percentile of the block's
 * gas pays. Source: Lotus `ComputeNextBaseFeeFromPremiums`.
 */
export function nextBaseFee(baseFee: AttoFil, claims: readonly GasClaim[]): AttoFil {
  const premiums = claims
    .map((claim) => ({ premium: effectivePremium(claim, baseFee), limit: claim.limit }))
    .sort((a, b) => (a.premium < b.premium ? 1 : a.premium > b.premium ? -1 : 0));
  let index = TARGET_INDEX;
  let marginal = 0n;
  for (const { premium, limit } of premiums) {
    if (index < limit) {
      marginal = premium;
      break;
    }
    index -= limit;
  }
  const step = (baseFee + BASE_FEE_MAX_CHANGE_DENOM - 1n) / BASE_FEE_MAX_CHANGE_DENOM;
  const change = marginal - step < step ? marginal - step : step;
  const next = baseFee + change;
  return next < MINIMUM_BASE_FEE ? MINIMUM_BASE_FEE : next;
}

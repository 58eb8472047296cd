import type { AttoFil, Epoch } from '#core';
import { greatest, lesser } from './amounts.ts';
import { EPOCHS_IN_DAY, expectedReward, type NetworkEconomy } from './economy.ts';

/**
 * What faults cost, by the formulas of builtin-actors v18 `actors/miner/src/monies.rs` and `policy.rs`. They count in
 * days of expected reward, whatever a chain's proving period is.
 */

const FIL = 10n ** 18n;
const CONTINUED_FAULT_EPOCHS = (EPOCHS_IN_DAY * 351n) / 100n;
const INVALID_POST_EPOCHS = CONTINUED_FAULT_EPOCHS + 2n * EPOCHS_IN_DAY;
const BASE_PENALTY_FOR_INVALID_POST = 20n * FIL;
/** To whoever disputes with success; part of what the miner pays. */
export const DISPUTE_REWARD: AttoFil = 4n * FIL;
const TERMINATION_LIFETIME_CAP_DAYS = 140n;

/** For each end of its deadline that a sector meets as faulty, save the one that found it so. */
export function continuedFaultFee(economy: NetworkEconomy, power: bigint, networkPower: bigint): AttoFil {
  return expectedReward(economy, power, networkPower, CONTINUED_FAULT_EPOCHS);
}

export function invalidPostPenalty(economy: NetworkEconomy, power: bigint, networkPower: bigint): AttoFil {
  return expectedReward(economy, power, networkPower, INVALID_POST_EPOCHS) + BASE_PENALTY_FOR_INVALID_POST;
}

/** Source: FIP-0098, `pledge_penalty_for_termination`. `faultFee`: one {@link continuedFaultFee} of the sector. */
export function terminationFee(initialPledge: AttoFil, age: Epoch, faultFee: AttoFil): AttoFil {
  const simple = (initialPledge * 85n) / 1000n;
  const byAge = (BigInt(age) * simple) / (TERMINATION_LIFETIME_CAP_DAYS * EPOCHS_IN_DAY);
  return greatest(lesser(simple, byAge), (initialPledge * 2n) / 100n, (faultFee * 105n) / 100n);
}

/** A deadline's daily fee, at most half of what its power earns in a day. Source: FIP-0100. */
export function dailyFeePayable(
  economy: NetworkEconomy,
  fee: AttoFil,
  power: bigint,
  networkPower: bigint,
): AttoFil {
  const cap = expectedReward(economy, power, networkPower, EPOCHS_IN_DAY) / 2n;
  return lesser(fee, cap);
}

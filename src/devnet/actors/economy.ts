import type { AttoFil, Bytes } from '#core';

/**
 * What stands in for the reward and power actors' smoothed estimates, so that deposits and pledges have the
 * network's formulas: the reward of one epoch and the power it is shared by.
 */
export interface NetworkEconomy {
  readonly rewardPerEpoch: AttoFil;
  /** Quality-adjusted bytes assumed beside what this chain's miners have proven. */
  readonly assumedPower: bigint;
  readonly circulatingSupply: AttoFil;
}

export const DEFAULT_ECONOMY: NetworkEconomy = {
  // Sized so that a 2 KiB sector's deposit is what a 2k network of Lotus asks, about 8.9·10¹¹ attoFIL.
  rewardPerEpoch: 36n * 10n ** 18n,
  assumedPower: 47_877n * 10n ** 12n,
  circulatingSupply: 50_000_000n * 10n ** 18n,
};

export const EPOCHS_IN_DAY = 2880n;
/** Days of expected reward in deposit and pledge. Source: builtin-actors `actors/miner/src/monies.rs`. */
const PROJECTION_DAYS = 20n;
/** At most 1 FIL for 32 GiB of quality-adjusted power. Source: same. */
const MAX_PLEDGE_PER_BYTE = 10n ** 18n / (32n << 30n);
/** Verified data counts tenfold; a deposit assumes nothing else. Source: builtin-actors `policy.rs`. */
const MAX_QUALITY = 10n;

/** attoFIL that so much power is expected to earn in so many epochs. Source: `expected_reward_for_power`. */
export function expectedReward(
  economy: NetworkEconomy,
  power: bigint,
  networkPower: bigint,
  epochs: bigint,
): AttoFil {
  return (economy.rewardPerEpoch * power * epochs) / (economy.assumedPower + networkPower);
}

/** Source: `expected_reward_for_power_clamped_at_atto_fil`. */
function projectedReward(economy: NetworkEconomy, power: bigint, networkPower: bigint): AttoFil {
  const reward = expectedReward(economy, power, networkPower, PROJECTION_DAYS * EPOCHS_IN_DAY);
  return reward > 0n ? reward : 1n;
}

/** What one sector's pre-commit locks. Source: `pre_commit_deposit_for_power`. */
export function preCommitDeposit(economy: NetworkEconomy, sectorSize: Bytes, networkPower: bigint): AttoFil {
  return projectedReward(economy, BigInt(sectorSize) * MAX_QUALITY, networkPower);
}

/** What one sector's activation locks. Source: `initial_pledge_for_power`, before its gradual change (gamma = 1). */
export function initialPledge(economy: NetworkEconomy, power: bigint, networkPower: bigint): AttoFil {
  const share = economy.assumedPower + networkPower;
  const additional = (economy.circulatingSupply * 3n * power) / (share * 10n);
  const nominal = projectedReward(economy, power, networkPower) + additional;
  const cap = MAX_PLEDGE_PER_BYTE * power;
  return nominal < cap ? nominal : cap;
}

/** attoFIL a day for a sector's power. Source: FIP-0100, `daily_proof_fee`. */
export function dailyFee(economy: NetworkEconomy, power: bigint): AttoFil {
  return (economy.circulatingSupply * 161_817n * power) / 10n ** 30n;
}

/** Power that creating a miner pledges for. Source: `CREATE_MINER_DEPOSIT_POWER` of the 2k network. */
export function createMinerDeposit(economy: NetworkEconomy, networkPower: bigint): AttoFil {
  return initialPledge(economy, 2048n / 10n, networkPower);
}

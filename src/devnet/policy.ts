import type { Epoch, SectorSizeName } from '#core';

const HOUR: Epoch = 120;
const DAY: Epoch = 24 * HOUR;
/** Source: builtin-actors `runtime/policy.rs`, `CHAIN_FINALITY`. */
export const CHAIN_FINALITY: Epoch = 900;

/**
 * The rules' numbers as this network plays them. A chain may shorten them; the defaults are those of Lotus' 2k
 * networks. Source: builtin-actors v18 `runtime/src/runtime/policy.rs` and `actors/miner/src/policy.rs`.
 */
export interface NetworkPolicy {
  /** Sector sizes the network takes. */
  readonly sectorSizes: readonly SectorSizeName[];
  /** Epochs from a pre-commit to its interactive seed. Mainnet 150. */
  readonly preCommitChallengeDelay: Epoch;
  /** How far a ticket may lie behind the pre-commit's inclusion. */
  readonly maxPreCommitRandomnessLookback: Epoch;
  /** A prove-commit is late this long after the challenge delay. */
  readonly maxProveCommitDelay: Epoch;
  readonly expiredPreCommitCleanUpDelay: Epoch;
  readonly minSectorExpiration: Epoch;
  readonly maxSectorExpiration: Epoch;
  readonly wPoStPeriodDeadlines: number;
  readonly wPoStChallengeWindow: Epoch;
  readonly wPoStChallengeLookback: Epoch;
  readonly faultDeclarationCutoff: Epoch;
  /** How long after a deadline's end its unverified proofs may be disputed, and its partitions not be compacted. */
  readonly wPoStDisputeWindow: Epoch;
  /** A sector that is faulty for so many proving periods is terminated. */
  readonly faultMaxAgePeriods: number;
  /** Partitions that one window PoSt message may prove. */
  readonly postedPartitionsMax: number;
  /** Partitions and sectors that one declaration or termination may name. */
  readonly addressedPartitionsMax: number;
  readonly addressedSectorsMax: number;
  readonly maxPartitionsPerDeadline: number;
  readonly minAggregatedSectors: number;
  readonly maxAggregatedSectors: number;
  /** Bytes. */
  readonly maxAggregateProofSize: number;
}

export const DEFAULT_POLICY: NetworkPolicy = {
  sectorSizes: ['2KiB', '8MiB'],
  preCommitChallengeDelay: 10,
  maxPreCommitRandomnessLookback: DAY + CHAIN_FINALITY,
  maxProveCommitDelay: 30 * DAY,
  expiredPreCommitCleanUpDelay: 8 * HOUR,
  minSectorExpiration: 180 * DAY,
  maxSectorExpiration: 1278 * DAY,
  wPoStPeriodDeadlines: 48,
  wPoStChallengeWindow: HOUR / 2,
  wPoStChallengeLookback: 20,
  faultDeclarationCutoff: 70,
  wPoStDisputeWindow: 2 * CHAIN_FINALITY,
  faultMaxAgePeriods: 42,
  postedPartitionsMax: 3,
  addressedPartitionsMax: 3000,
  addressedSectorsMax: 25_000,
  maxPartitionsPerDeadline: 3000,
  minAggregatedSectors: 4,
  maxAggregatedSectors: 819,
  maxAggregateProofSize: 81_960,
};

export function provingPeriod(policy: NetworkPolicy): Epoch {
  return policy.wPoStPeriodDeadlines * policy.wPoStChallengeWindow;
}

/** How long a sector may stay faulty. */
export function faultMaxAge(policy: NetworkPolicy): Epoch {
  return policy.faultMaxAgePeriods * provingPeriod(policy);
}

/** Epochs from a pre-commit's inclusion to the last in which it can be proven. */
export function maxProveCommitDuration(policy: NetworkPolicy): Epoch {
  return policy.maxProveCommitDelay + policy.preCommitChallengeDelay;
}

/** The network version whose rules these are. */
export const NETWORK_VERSION = 28;
export const ACTORS_VERSION = 18;
/** Gas. Source: Lotus `build/buildconstants/params_shared_vals.go`. */
export const BLOCK_GAS_LIMIT = 10_000_000_000;
export const BLOCK_MESSAGE_LIMIT = 10_000;

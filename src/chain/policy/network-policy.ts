import type { Bytes, Epoch } from '#core';

/** Rules of the network that no RPC call tells, in epochs and counts. */
export interface NetworkPolicy {
  readonly networkVersion: number;
  /** Epochs behind which a tipset counts as final. */
  readonly chainFinality: Epoch;
  /** How far behind the head a ticket is drawn, so that a reorg does not void it. */
  readonly ticketLookback: Epoch;
  /** A pre-commit must be included at most so long after its ticket's epoch. */
  readonly maxPreCommitTicketAge: Epoch;
  /** From pre-commit to seed; `StateGetNetworkParams` gives the value of a private network. */
  readonly preCommitChallengeDelay: Epoch;
  /** From pre-commit to the latest prove-commit, without the challenge delay, which is added to it. */
  readonly maxProveCommitDelay: Epoch;
  /** From an overdue pre-commit to the burning of its deposit. */
  readonly expiredPreCommitCleanUpDelay: Epoch;
  /** Least and greatest life of a sector from its activation. */
  readonly minSectorExpiration: Epoch;
  readonly maxSectorExpirationExtension: Epoch;
  readonly preCommitBatchMax: number;
  /** Most sectors that one message may load. */
  readonly addressedSectorsMax: number;
  readonly minAggregatedProofs: number;
  readonly maxAggregatedProofs: number;
  readonly maxAggregateProofBytes: Bytes;
  /** Most partitions that one SubmitWindowedPoSt may prove. */
  readonly partitionsPerPoStMax: number;
  readonly faultDeclarationCutoff: Epoch;
  readonly windowPoStDisputeWindow: Epoch;
  readonly consensusFaultDuration: Epoch;
  /** Most bytes of a signed message that the mempool takes, and the room left for its signature and envelope. */
  readonly maxMessageBytes: Bytes;
  readonly messageEnvelopeBytes: Bytes;
  /** Farthest a nonce may be ahead of the next expected one. */
  readonly mempoolNonceGap: number;
  /** Gas of one block. */
  readonly blockGasLimit: bigint;
}

const EPOCHS_IN_HOUR = 120;
const EPOCHS_IN_DAY = 24 * EPOCHS_IN_HOUR;

export { EPOCHS_IN_DAY, EPOCHS_IN_HOUR };

/**
 * Network version 28 (actors v18). Source: builtin-actors `runtime/src/runtime/policy.rs`, go-state-types
 * `builtin/v18/miner/policy.go`; mempool: Lotus `chain/messagepool`; block gas: Lotus `build/buildconstants`.
 */
const NV28: NetworkPolicy = {
  networkVersion: 28,
  chainFinality: 900,
  ticketLookback: 900,
  maxPreCommitTicketAge: EPOCHS_IN_DAY + 900,
  preCommitChallengeDelay: 150,
  maxProveCommitDelay: 30 * EPOCHS_IN_DAY,
  expiredPreCommitCleanUpDelay: 8 * EPOCHS_IN_HOUR,
  minSectorExpiration: 180 * EPOCHS_IN_DAY,
  maxSectorExpirationExtension: 1278 * EPOCHS_IN_DAY,
  preCommitBatchMax: 256,
  addressedSectorsMax: 25_000,
  minAggregatedProofs: 4,
  maxAggregatedProofs: 819,
  maxAggregateProofBytes: 81_960,
  partitionsPerPoStMax: 3,
  faultDeclarationCutoff: 70,
  windowPoStDisputeWindow: 1_800,
  consensusFaultDuration: 900,
  maxMessageBytes: 64 * 1024,
  messageEnvelopeBytes: 128,
  mempoolNonceGap: 4,
  blockGasLimit: 10_000_000_000n,
};

const BY_VERSION: readonly NetworkPolicy[] = [NV28];

/**
 * The rules in force at a network version: those of the newest known one that is not newer. A version beyond the
 * newest known keeps its rules until this table learns better.
 */
export function networkPolicy(networkVersion: number): NetworkPolicy {
  return BY_VERSION.findLast((policy) => policy.networkVersion <= networkVersion) ?? NV28;
}

import type { BitField, SectorPreCommitInfo } from '#codec';
import type { ActorId, AttoFil, Bytes, CidString, Epoch, SectorNumber } from '#core';
import type { PersistentMap } from './persistent-map.ts';

/** What the miner actor keeps, as immutable values. Source: builtin-actors `actors/miner/src/state.rs`. */
export interface MinerState {
  readonly info: MinerInfo;
  readonly preCommitDeposits: AttoFil;
  readonly lockedFunds: AttoFil;
  readonly initialPledge: AttoFil;
  readonly feeDebt: AttoFil;
  /** Start of the proving period; moved on by the deadline cron while that is active. */
  readonly provingPeriodStart: Epoch;
  readonly currentDeadline: number;
  /** The deadline cron runs from a miner's first pre-commit on. */
  readonly deadlineCronActive: boolean;
  /** Every number that was ever pre-committed. */
  readonly allocatedSectors: BitField;
  readonly preCommits: PersistentMap<PreCommit>;
  /** Pre-commits to be dropped if they still exist when the deadline that ends at this epoch closes. */
  readonly preCommitCleanUps: PersistentMap<BitField>;
  readonly sectors: PersistentMap<Sector>;
  readonly deadlines: readonly Deadline[];
  /** Proven power. */
  readonly power: Power;
}

export interface MinerInfo {
  readonly owner: ActorId;
  readonly worker: ActorId;
  readonly controlAddresses: readonly ActorId[];
  /** A worker that was asked for and is not confirmed yet. */
  readonly pendingWorker?: { readonly worker: ActorId; readonly effectiveAt: Epoch };
  /** The last epoch at which a reported consensus fault counts; none was reported without it. */
  readonly consensusFaultElapsed?: Epoch;
  readonly peerId: Uint8Array;
  readonly multiaddrs: readonly Uint8Array[];
  /** Registered window PoSt proof number. */
  readonly windowPoStProof: number;
  readonly sectorSize: Bytes;
  readonly partitionSectors: number;
}

export interface PreCommit {
  readonly info: SectorPreCommitInfo;
  readonly deposit: AttoFil;
  readonly epoch: Epoch;
}

export interface Sector {
  readonly number: SectorNumber;
  readonly sealProof: number;
  readonly sealedCid: CidString;
  readonly activation: Epoch;
  readonly expiration: Epoch;
  /** Byte-epochs. */
  readonly dealWeight: bigint;
  readonly verifiedDealWeight: bigint;
  readonly initialPledge: AttoFil;
  readonly powerBaseEpoch: Epoch;
  readonly dailyFee: AttoFil;
}

export interface Deadline {
  readonly partitions: readonly Partition[];
  /** Partitions proven in the running proving period. */
  readonly partitionsPoSted: BitField;
  /** Proofs of the running period that nobody has verified. */
  readonly posts: readonly WindowPoSt[];
  /** The unverified proofs of the last period that ended, with what they were about. */
  readonly disputable: DisputeSnapshot;
  readonly liveSectors: number;
  readonly totalSectors: number;
  readonly dailyFee: AttoFil;
}

/** One proof as it was sent, and the partitions of its deadline that it covers. */
export interface WindowPoSt {
  readonly partitions: BitField;
  readonly proof: Uint8Array;
}

export interface DisputeSnapshot {
  /** By the index that a dispute names; a disputed one leaves a gap. */
  readonly posts: PersistentMap<WindowPoSt>;
  readonly partitions: readonly Partition[];
  readonly sectors: PersistentMap<Sector>;
}

export interface Partition {
  readonly sectors: BitField;
  /** Not yet in any window PoSt: no power. */
  readonly unproven: BitField;
  readonly faults: BitField;
  readonly recoveries: BitField;
  readonly terminated: BitField;
  /**
   * Faulty sectors that are terminated before their time unless they recover, by the deadline's end at which that
   * happens. All others expire at the first end of their deadline at or after their expiration.
   */
  readonly earlyExpirations: PersistentMap<BitField>;
}

export interface Power {
  readonly rawBytePower: bigint;
  readonly qualityAdjPower: bigint;
}

export const NO_POWER: Power = { rawBytePower: 0n, qualityAdjPower: 0n };

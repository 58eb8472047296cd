import type { ActorId, Bytes, Epoch, PerSectorSize, Phase, SealVariant } from '#core';
import type { RetryScale } from '#sector';
import type { DeviceSettings } from './devices/index.ts';

/**
 * The settings that an agent lives by, each asked at the moment of use: a change is in force at the next question.
 * The worker role answers from the settings table.
 */
export interface AgentSettings {
  /** Runs of the phase at once on this worker; 0 takes none. */
  limit(phase: Phase): number;
  /** Sectors with files here at once; 0 is no limit. */
  maxSectors(): number;
  /** Physical memory that a run of the phase is counted with, by sector size; an absent size has its default. */
  memory(phase: Phase): PerSectorSize<Bytes>;
  /** Physical memory that sealing leaves to others. */
  memoryKeepFree(): Bytes;
  /** Workspace that no new sector is begun into. */
  scratchKeepFree(): Bytes;
  /** Workspace that a sector is counted with; an absent size is counted by its files. */
  sectorSpace(): PerSectorSize<Bytes>;
  /** The kind of proof that the miner's new sectors get. */
  sealVariant(miner: ActorId): SealVariant;
  /** What devices there are, how many slots they have, and what follows when one fails. */
  devices(): DeviceSettings;
  /** Memory of its own that an idle sealer may hold on to; 0: no bound. */
  sealerMaxMemory(): Bytes;
  /** Milliseconds that a run of the phase may take. */
  timeLimitMs(phase: Phase): number;
  /** Whether the unsealed copy lands beside the replica of a sector with pieces. */
  keepUnsealed(miner: ActorId): boolean;
  /** Random seeds that a fresh replica is checked with before its pre-commit may go out. */
  checkSeeds(miner: ActorId): number;
  /** Epochs behind which a pre-commit counts as certain, for the clearing of the cache. */
  confidence(): Epoch;
  /** Whether sectors go through this worker evenly; see `PaceView`. */
  pace(): boolean;
  /** Whether this worker computes C2 of sectors that lie on others. */
  acceptsOutsideC2(): boolean;
  /** The folder that every worker sees, for C1's output; empty: there is none. */
  shareDir(): string;
  /** How the operator scales what follows a failure. */
  retry(miner: ActorId): RetryScale;
  /** Bytes that landing leaves free on a storage path. */
  minFree(): Bytes;
  /** Milliseconds between two heartbeats. */
  heartbeatMs(): number;
  /** Milliseconds that the host's lease holds without renewal. */
  leaseTtlMs(): number;
  /** Milliseconds between two looks into the queues that nothing woke. */
  pollMs(): number;
  /** Called after any change; returns how to stop that. */
  onChange(listener: () => void): () => void;
}

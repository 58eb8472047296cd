import type { ChainApi } from '#chain';
import type { ActorId, AttoFil, Epoch } from '#core';
import type { Database } from '#db';
import type { Logger } from '#log';
import type { QueueBus } from '#queues';
import type { SectorModules } from '#sector';
import type { Signer } from '#wallet';

/** Limits and waits of one activity of a miner. */
export interface BatchSettings {
  readonly min: number;
  readonly max: number;
  readonly waitMs: number;
  readonly slack: Epoch;
  /** The most that one message may cost. */
  readonly maxFee: AttoFil;
}

/** The settings that the sealing role lives by, each asked at the moment of use. */
export interface SealingSettings {
  batch(activity: 'precommit' | 'commit', miner: ActorId): BatchSettings;
  /** Epochs that a new sector lives. */
  lifetime(miner: ActorId): Epoch;
  /** Epochs after the seed's at which it is read. */
  seedConfidence(): Epoch;
  /** Epochs after its execution at which a message is final. */
  finalConfidence(): Epoch;
  gasOverestimation(miner: ActorId): number;
  pushAgainMs(): number;
  replaceAfterMs(): number;
  chainPollMs(): number;
  sweepMs(): number;
  outboxMs(): number;
  outboxKeepMs(): number;
  leaseTtlMs(): number;
  heartbeatExpiryMs(): number;
}

export interface SealingModules extends SectorModules {
  readonly db: Database;
  readonly bus: QueueBus;
  readonly chain: ChainApi;
  readonly signer: Signer;
  readonly settings: SealingSettings;
  readonly log: Logger;
}

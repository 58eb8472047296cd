import type { ActorId, CidString, Epoch } from '#core';
import type { CreatedAt, Json } from './columns.ts';

export type OwnBlockState =
  /** The node may be asked to sign it, once; without an answer the epoch is lost. */
  | 'claimed'
  | 'signed'
  | 'submitted'
  | 'included'
  | 'orphaned'
  /** Given up: it was never signed, or its answer was lost, or it came too late to be submitted. */
  | 'forfeited';

/** A block of ours, one an epoch, for ever. Written before the node is asked to sign it. */
export interface OwnBlockTable {
  miner: ActorId;
  epoch: Epoch;
  /** CIDs of the base, as JSON, and the SHA-256 of their sorted list. */
  parents: Json<readonly CidString[]>;
  parents_key: string;
  base_height: Epoch;
  /** The ticket's VRF, hex. */
  ticket: string;
  wins: number;
  lease_token: number;
  holder: string;
  state: OwnBlockState;
  reason: string | null;
  cid: string | null;
  /** The signed block as the node gave it (`MinerCreateBlock`), JSON: only these bytes are ever submitted. */
  block: string | null;
  claimed_at: CreatedAt;
  signed_at: Date | null;
  submitted_at: Date | null;
}

/** From which epoch on a miner's own blocks are all known. Missing: nothing is known. */
export interface MiningHistoryTable {
  miner: ActorId;
  known_from: Epoch;
  because: string;
  changed_at: CreatedAt;
}

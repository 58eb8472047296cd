import type { Generated } from 'kysely';
import type { ActorId, Bytes, SectorNumber } from '#core';
import type { CreatedAt } from './columns.ts';

export interface StoragePathTable {
  id: Generated<number>;
  name: string;
  path: string;
  /** Null: every miner. */
  miner: ActorId | null;
  can_seal: boolean;
  can_store: boolean;
  weight: Generated<number>;
  state: Generated<'active' | 'read-only' | 'removed'>;
  created_at: CreatedAt;
}

/** A file that was copied to storage, read back and verified. Readers follow this record, never a pattern. */
export interface LandedFileTable {
  id: Generated<number>;
  miner: ActorId;
  number: SectorNumber;
  kind: 'sealed' | 'cache' | 'unsealed';
  storage_id: number;
  /** Relative to the storage path; under `<sector>.<attempt>.<claim>`. */
  path: string;
  size: Bytes;
  sha256: string;
  attempt: number;
  claim: number;
  verified_at: Date;
}

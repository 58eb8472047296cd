import type { Generated } from 'kysely';
import type { ActorId, SectorNumber } from '#core';
import type { CreatedAt, Json } from './columns.ts';

export interface MinerTable {
  /** Actor id, the primary key. */
  id: ActorId;
  network: string;
  /** Registered seal proof ids' sector size: `2KiB` … `64GiB`. */
  sector_size: string;
  owner: string;
  worker: string;
  /** Signs and pays for pre-commits and commits; a key address. Null: the worker. */
  sender: string | null;
  /** The next number never yet given out by this database. */
  next_sector_number: Generated<SectorNumber>;
  created_at: CreatedAt;
}

/** Locked while a batch of this kind is formed for this miner, so that two coordinators never share members. */
export interface MinerActivityTable {
  miner: ActorId;
  activity: string;
}

/** A kind of batch of a miner: the operator's order to send it, and why it could not be sent when last tried. */
export interface BatchQueueTable {
  miner: ActorId;
  /** `precommit` or `commit`. */
  activity: string;
  /** Whoever waited at that time leaves at once; it says nothing of those who came later. */
  ordered_at: Date | null;
  ordered_by: string | null;
  /** Since when it is held up by more than its own rules, and by what; null: by nothing. */
  blocked_at: Date | null;
  blocked_code: string | null;
  blocked_message: string | null;
}

/** The last decision of automatic pledging for each miner, for people: nothing is decided from it. */
export interface PledgeDecisionTable {
  miner: ActorId;
  decided_at: Date;
  /** Sectors that this decision pledged. */
  pledged: number;
  /** A sentence: why so many, or why none. */
  reason: string;
  /** What it was decided from: counts, and amounts in attoFIL as text. */
  facts: Json<Record<string, unknown>>;
  /** When it last pledged anything. */
  pledged_at: Date | null;
}

export interface SettingTable {
  name: string;
  /** `*`, `miner:1000`, `class:big`, `worker:host-a`. */
  scope: Generated<string>;
  /** As typed by the operator; the registry parses it. */
  value: string;
  updated_at: Generated<Date>;
}

export interface SettingHistoryTable {
  id: Generated<number>;
  name: string;
  scope: string;
  old_value: string | null;
  new_value: string | null;
  /** A CLI user, `web:NAME`, or `sql` for a change that was noticed in the table. */
  who: string;
  changed_at: CreatedAt;
}

/** What every reader of settings compares: one row, `id` = 1. */
export interface SettingVersionTable {
  id: number;
  version: number;
  /** COUNT and BIT_XOR(CRC32) over the table when the version was last bumped. */
  fingerprint: string;
}

/** Queues that the operator paused, by name; the workers read it live. */
export interface QueuePauseTable {
  queue: string;
  who: string;
  paused_at: CreatedAt;
}

/** Parameter files that the operator trusts by name on a network (`beepro params trust`). */
export interface ParamsTrustTable {
  network: string;
  file: string;
  digest: string;
  who: string;
  trusted_at: CreatedAt;
}

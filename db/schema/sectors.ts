import type { Generated } from 'kysely';
import type { ActorId, AddressString, Bytes, Epoch, Phase, SectorNumber, SectorState } from '#core';
import type { CreatedAt, Json, JsonOrNull } from './columns.ts';

/** Where C1's output is: `path` on the worker that holds the sector, `shared` where every worker reads it. */
export interface Commit1Output {
  path: string;
  sha256: string;
  size?: Bytes | undefined;
  shared?: string | undefined;
}

export interface SectorTable {
  miner: ActorId;
  number: SectorNumber;
  state: SectorState;
  state_at: Generated<Date>;
  kind: 'cc' | 'data';
  seal_proof: number;
  /** The worker that holds the sector's files; null until AddPiece is claimed, and after landing was cleared. */
  worker: string | null;
  ticket: string | null;
  ticket_epoch: Epoch | null;
  comm_d: string | null;
  comm_r: string | null;
  /** Set once a pre-commit was signed for this number: from then on its ticket and data are bound. */
  precommit_bound_at: Date | null;
  precommit_message: number | null;
  precommit_epoch: Epoch | null;
  seed: string | null;
  seed_epoch: Epoch | null;
  /** C1's output, and the proof itself (hex) once it has verified. */
  commit1_output: JsonOrNull<Commit1Output>;
  proof: string | null;
  proof_at: Date | null;
  landed_at: Date | null;
  cleared_at: Date | null;
  commit_message: number | null;
  activation_epoch: Epoch | null;
  expiration: Epoch | null;
  deadline: number | null;
  partition_number: number | null;
  /** Sector is on chain but has not yet been in an accepted WindowPoSt. */
  unproven: Generated<boolean>;
  /** Why it stands still, when parked: the state to resume to, an error code and a sentence. */
  parked_from: SectorState | null;
  parked_code: string | null;
  parked_reason: string | null;
  /** Recoveries already spent, by kind, against the bounds of the transition table. */
  recoveries: Json<Record<string, number>>;
  created_at: CreatedAt;
}

/** The log of a sector's life: every transition, failure and operator's command. */
export interface SectorEventTable {
  id: Generated<number>;
  miner: ActorId;
  number: SectorNumber;
  event: string;
  from_state: string | null;
  to_state: string | null;
  data: Json<Record<string, unknown>>;
  at: CreatedAt;
}

export type PhaseRunStatus = 'waiting' | 'queued' | 'running' | 'done' | 'failed' | 'superseded';

/**
 * One attempt at one phase of one sector. `(attempt, claim)` is the fence: a result, a renewal or a landing is
 * accepted only by a transaction that still finds both. `waiting` rows are not due before `not_before`.
 */
export interface PhaseRunTable {
  id: Generated<number>;
  miner: ActorId;
  number: SectorNumber;
  phase: Phase;
  attempt: number;
  claim: Generated<number>;
  status: PhaseRunStatus;
  /** The host queue it waits in; null for the fleet's queue. */
  queue_worker: string | null;
  /** Set while others than `queue_worker` may claim it as well: C2 that its own host would start later. */
  offered_at: Date | null;
  /** Who runs it. */
  worker: string | null;
  host_epoch: number | null;
  priority: Generated<number>;
  not_before: Date | null;
  input: Json<Record<string, unknown>>;
  result: JsonOrNull<Record<string, unknown>>;
  error_code: string | null;
  error_message: string | null;
  /** Claims of this attempt that ended without an answer (a crashed worker or sealer). */
  crashes: Generated<number>;
  /** When its last input was committed, that is, when it could have started. */
  runnable_at: Date;
  claimed_at: Date | null;
  started_at: Date | null;
  answered_at: Date | null;
  finished_at: Date | null;
  heartbeat_at: Date | null;
  progress: JsonOrNull<Record<string, unknown>>;
  created_at: CreatedAt;
}

/** Jobs that the transaction of a transition asks to be published to BullMQ. */
export interface OutboxTable {
  id: Generated<number>;
  run_id: number;
  queue: string;
  job_id: string;
  priority: number;
  created_at: CreatedAt;
  published_at: Date | null;
}

export interface PieceTable {
  id: Generated<number>;
  /** Piece CID v1 (CommP). */
  cid: string;
  /** 0, or the how-manieth further copy of the same piece the operator asked for; unique with the CID. */
  copy: Generated<number>;
  /** Length of the operator's file in bytes, and the padded power of two it occupies. */
  raw_size: Bytes;
  padded_size: Bytes;
  name: string;
  format: 'file' | 'car';
  /** The stored copy, until the prove-commit is final. */
  path: string | null;
  sha256: string;
  status: Generated<'stored' | 'packed' | 'sealed' | 'removed'>;
  /** For whom it was added; with `number` the sector it lies in. */
  miner: ActorId | null;
  number: SectorNumber | null;
  /** Padded offset within the sector, in bytes, and the order in its manifest. */
  sector_offset: Bytes | null;
  sector_index: number | null;
  /** The actor that the chain tells of the piece when its sector is proven, and the payload in hex. Null: nobody. */
  notify_address: AddressString | null;
  notify_payload: string | null;
  created_at: CreatedAt;
}

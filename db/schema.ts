import type { ColumnType, Generated } from 'kysely';
import type {
  ActorId,
  AddressString,
  AttoFil,
  Bytes,
  CidString,
  Epoch,
  Phase,
  SectorNumber,
  SectorState,
} from '#core';

/**
 * The tables, as the migrations leave them. Times are DATETIME(3) in UTC; money is DECIMAL(38,0) attoFIL read as
 * bigint; ids and epochs are BIGINT read as numbers; JSON columns are read as values and written with
 * JSON.stringify by the repositories. SQL names are the names of code, CLI and page.
 */
type Json<T> = ColumnType<T, string, string>;
type JsonOrNull<T> = ColumnType<T | null, string | null | undefined, string | null>;
/** Set by the database on insert (`DEFAULT CURRENT_TIMESTAMP(3)`). */
type CreatedAt = ColumnType<Date, Date | undefined, never>;

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

export interface WorkerTable {
  /** The worker's name; unique, by default the host name. */
  name: string;
  class: Generated<string>;
  state: Generated<'active' | 'draining' | 'removed'>;
  /** Boot id of the machine and the fencing epoch of the agent that holds the host's lease. */
  boot_id: string;
  host_epoch: number;
  pid: number;
  version: string;
  capabilities: Json<Record<string, unknown>>;
  /** What it runs, holds, would take and why not more, as of its last heartbeat: `HostReport` of `src/sched`. */
  report: JsonOrNull<Record<string, unknown>>;
  heartbeat_at: Date;
  registered_at: CreatedAt;
}

/** Expiry is by the server's NOW(3). The token grows by one with each new holder. */
export interface LeaseTable {
  name: string;
  holder: string;
  token: number;
  expires_at: Date;
}

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

export type MessageState =
  | 'intent'
  | 'nonce'
  | 'signed'
  | 'pushed'
  | 'landed'
  | 'final'
  | 'failed'
  | 'replaced'
  | 'cancelled';

/** One intent, one nonce. Versions of the same nonce (replaced by fee) are rows of `message_version`. */
export interface MessageTable {
  id: Generated<number>;
  miner: ActorId;
  purpose: string;
  from_address: string;
  to_address: string;
  method: number;
  value: AttoFil;
  /** CBOR parameters, base64. */
  params: string;
  state: MessageState;
  nonce: number | null;
  /** The version that landed, or the newest one. */
  cid: string | null;
  max_fee: AttoFil;
  /** What sending it now may cost, while that is over its cap. */
  fee_needed: AttoFil | null;
  /** The last epoch at which its inclusion is of use: the earliest of its members. Null: it does not press. */
  deadline_epoch: Epoch | null;
  /** An estimate that was made for it before it had a nonce counts when it is young: see `estimated_epoch`. */
  gas_limit: number | null;
  estimated_epoch: Epoch | null;
  gas_fee_cap: AttoFil | null;
  gas_premium: AttoFil | null;
  /** Inclusion and execution heights (`StateSearchMsg.Height` is the executing one). */
  inclusion_epoch: Epoch | null;
  execution_epoch: Epoch | null;
  exit_code: number | null;
  return_value: string | null;
  gas_used: number | null;
  error_code: string | null;
  error_message: string | null;
  /** Since when it is kept by what `error_code` says. */
  waits_since: Date | null;
  /** Set: its nonce is to be freed by a zero-value self-send, and why. */
  cancel_code: string | null;
  cancel_reason: string | null;
  /** What the row signs next is that self-send; its gas is in the row. */
  signs_cancel: Generated<boolean>;
  tries: Generated<number>;
  not_before: Date | null;
  created_at: CreatedAt;
  pushed_at: Date | null;
  /** A node's mempool was seen to have come to its nonce. */
  seen_at: Date | null;
  landed_at: Date | null;
  final_at: Date | null;
}

export interface MessageVersionTable {
  id: Generated<number>;
  message_id: number;
  cid: string;
  gas_limit: number;
  gas_fee_cap: AttoFil;
  gas_premium: AttoFil;
  /** The self-send that frees the nonce, not the message itself. */
  is_cancel: Generated<boolean>;
  /** The SignedMessage as CBOR, base64: stored before it is pushed. Empty: found on chain, where no signature is kept. */
  signed: string;
  created_at: CreatedAt;
}

/** The sectors that one message speaks for, in the order of its parameters. */
export interface MessageSectorTable {
  message_id: number;
  miner: ActorId;
  number: SectorNumber;
  position: number;
  /** What the receipt said of this one: 0, or an actor exit code. */
  exit_code: number | null;
}

/** Whether a node has the newest version of a message, or when it is told again. */
export interface MessageNodeTable {
  message_id: number;
  node: string;
  cid: string;
  has_it: boolean;
  tries: Generated<number>;
  not_before: Date | null;
  error_code: string | null;
  updated_at: CreatedAt;
}

/** A message of one of our senders that no row of `message` has made. */
export interface ForeignMessageTable {
  from_address: string;
  nonce: number;
  /** Null, as all that follows: the node no longer holds what would tell which message used the nonce. */
  cid: string | null;
  to_address: string | null;
  method: number | null;
  value: AttoFil | null;
  /** The unsigned message as CBOR, base64. */
  content: string | null;
  /** The SignedMessage as CBOR, base64, where a mempool had it. */
  signed: string | null;
  /** The intent that turned out to be this message. */
  adopted_by: number | null;
  seen_at: CreatedAt;
  /** Its nonce is final on chain, with whichever message. */
  settled_at: Date | null;
}

/** The next nonce of each sender as this database knows it. */
export interface SenderTable {
  address: string;
  next_nonce: number;
}

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

/** One row, `id` 1: the chain that this installation belongs to, as its nodes told it at the first contact. */
export interface ChainIdentityTable {
  id: number;
  network_name: string;
  genesis_cid: string;
  /** The newest that was agreed on; it grows with the network's upgrades. */
  network_version: number;
  recorded_at: CreatedAt;
}

/** How the coordinator's pool sees each node of `chain.nodes`, for people: nothing is decided from it. */
export interface ChainNodeTable {
  /** As the setting names it: never with a token. */
  url: string;
  /** Host and port. */
  node: string;
  /** Its place in the setting, from 0. */
  position: number;
  state: string;
  /** A sentence: why it is not in rotation, or what is odd about it. */
  reason: string;
  error_code: string | null;
  network_name: string | null;
  network_version: number | null;
  height: Epoch | null;
  /** Epochs behind the chain. */
  lag: Epoch | null;
  latency_ms: number | null;
  /** Share of calls that failed, 0 to 1, the newest counting most. */
  error_rate: number;
  /** Since the coordinator's process started. */
  calls: number;
  errors: number;
  /** What it was at the newest looks, the oldest first: `[lag, latency in ms, error rate]`. */
  recent: Json<(readonly [number | null, number | null, number])[]>;
  seen_at: Date;
}

/** A head that the coordinator decided from. The newest rows of the table are one chain, back to finality. */
export interface SeenTipsetTable {
  height: Epoch;
  /** Its key: the CIDs of its blocks, joined by commas. */
  tipset: string;
  seen_at: CreatedAt;
}

export interface Tables {
  own_block: OwnBlockTable;
  mining_history: MiningHistoryTable;
  chain_identity: ChainIdentityTable;
  chain_node: ChainNodeTable;
  miner: MinerTable;
  miner_activity: MinerActivityTable;
  pledge_decision: PledgeDecisionTable;
  batch_queue: BatchQueueTable;
  setting: SettingTable;
  setting_history: SettingHistoryTable;
  setting_version: SettingVersionTable;
  worker: WorkerTable;
  lease: LeaseTable;
  sector: SectorTable;
  sector_event: SectorEventTable;
  phase_run: PhaseRunTable;
  outbox: OutboxTable;
  piece: PieceTable;
  message: MessageTable;
  message_version: MessageVersionTable;
  message_sector: MessageSectorTable;
  message_node: MessageNodeTable;
  foreign_message: ForeignMessageTable;
  sender: SenderTable;
  storage_path: StoragePathTable;
  landed_file: LandedFileTable;
  queue_pause: QueuePauseTable;
  params_trust: ParamsTrustTable;
  seen_tipset: SeenTipsetTable;
}

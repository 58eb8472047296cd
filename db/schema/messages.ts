import type { Generated } from 'kysely';
import type { ActorId, AttoFil, Epoch, SectorNumber } from '#core';
import type { CreatedAt } from './columns.ts';

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

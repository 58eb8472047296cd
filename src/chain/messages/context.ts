import type { ActorId, AttoFil, BeeproError, Epoch } from '#core';
import type { Database, MessageRow, MessageSectorRow, Trx } from '#db';
import type { Signer } from '#wallet';
import type { ChainPool } from '../rpc/index.ts';

/** What happened to a message, for logs and metrics. */
export type MessageNote =
  | { readonly what: 'waits'; readonly message: MessageRow; readonly error: BeeproError }
  | { readonly what: 'given-up'; readonly message: MessageRow; readonly error: BeeproError }
  | { readonly what: 'nonce'; readonly message: MessageRow; readonly nonce: number }
  | {
      readonly what: 'signed' | 'pushed' | 'pushed-again';
      readonly message: MessageRow;
      readonly cid: string;
    }
  | {
      readonly what: 'landed' | 'final';
      readonly message: MessageRow;
      readonly epoch: Epoch;
      readonly exitCode: number;
    }
  | {
      readonly what: 'dearer';
      readonly message: MessageRow;
      readonly feeCap: AttoFil;
      readonly premium: AttoFil;
    }
  | { readonly what: 'reverted'; readonly message: MessageRow }
  | { readonly what: 'retried'; readonly message: MessageRow; readonly error: BeeproError };

export interface MessageRules {
  /** Epochs after its execution at which a message counts as final. */
  readonly confidence: () => Epoch;
  /** The stored bytes are pushed again when a message has not landed for so long, in ms. */
  readonly pushAgainMs: () => number;
  /** A message is replaced by a dearer one when it has been in the mempool for so long, in ms. */
  readonly replaceAfterMs: () => number;
  /** The most that a message without a nonce may cost now; with its nonce it keeps what it had. */
  readonly maxFee: (message: MessageRow) => AttoFil;
  /** Factor on the estimated gas limit. */
  readonly overestimation: (miner: ActorId) => number;
}

export interface MessageModules {
  readonly db: Database;
  readonly chain: ChainPool;
  readonly signer: Signer;
  readonly rules: MessageRules;
  /**
   * Runs in the transaction that gives the message its nonce: from its commit on the message may be signed, so
   * what it names is bound. Throwing keeps the message without a nonce.
   */
  readonly bind: (trx: Trx, message: MessageRow, members: readonly MessageSectorRow[]) => Promise<void>;
  readonly note: (note: MessageNote) => void;
}

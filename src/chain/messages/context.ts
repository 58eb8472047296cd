import type { AddressString, AttoFil, BeeproError, CidString, Epoch } from '#core';
import type { Database, FlightRow, MessageSectorRow, Trx } from '#db';
import type { Signer } from '#wallet';
import type { NetworkPolicy } from '../policy/index.ts';
import type { ChainPool } from '../rpc/index.ts';
import type { MessageCaps } from './fee.ts';

/** What happened to a message, for logs and metrics. */
export type MessageNote =
  | { readonly what: 'waits'; readonly message: FlightRow; readonly error: BeeproError }
  | {
      readonly what: 'given-up' | 'cancelling';
      readonly message: FlightRow;
      readonly error: BeeproError;
    }
  | { readonly what: 'nonce' | 'adopted' | 'gap-filled'; readonly message: FlightRow; readonly nonce: number }
  | { readonly what: 'signed'; readonly message: FlightRow; readonly cid: CidString }
  | {
      readonly what: 'pushed' | 'pushed-again';
      readonly message: FlightRow;
      readonly cid: CidString;
      /** The nodes that have it now, by this push. */
      readonly nodes: readonly string[];
    }
  | {
      readonly what: 'landed' | 'final' | 'cancelled';
      readonly message: FlightRow;
      readonly epoch: Epoch;
      readonly exitCode: number;
    }
  | {
      readonly what: 'dearer';
      readonly message: FlightRow;
      readonly feeCap: AttoFil;
      readonly premium: AttoFil;
    }
  | { readonly what: 'reverted'; readonly message: FlightRow }
  | { readonly what: 'retried'; readonly message: FlightRow; readonly error: BeeproError }
  /** Messages that no row of ours has made: other software uses the key, or the database was restored. */
  | { readonly what: 'foreign'; readonly from: AddressString; readonly nonces: readonly number[] };

export interface MessageRules {
  /** Epochs after its execution at which a message counts as final. */
  readonly confidence: () => Epoch;
  /** How often the mempools are looked at for messages that have not landed, in ms. */
  readonly pushAgainMs: () => number;
  /** A message is replaced by a dearer one when it has been in the mempool for so long, in ms. */
  readonly replaceAfterMs: () => number;
  /** How often one message is replaced at most. */
  readonly replacements: () => number;
  /** A nonce that nothing uses and others wait for is filled after so long, in ms; 0: never. */
  readonly fillGapsAfterMs: () => number;
  /** What a message may cost when it is sent, or sent dearer, at this head. */
  readonly caps: (message: FlightRow, head: Epoch) => MessageCaps;
  readonly policy: () => NetworkPolicy;
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
  readonly bind: (trx: Trx, message: FlightRow, members: readonly MessageSectorRow[]) => Promise<void>;
  readonly note: (note: MessageNote) => void;
}

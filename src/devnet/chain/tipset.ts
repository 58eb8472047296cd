import {
  type BlockHeader,
  blockCid,
  type MessageReceipt,
  type SignedMessage,
  signedMessageCid,
} from '#codec';
import type { AttoFil, CidString, Epoch } from '#core';
import type { ChainState } from '../state/index.ts';

/** A message under the CID the chain knows it by. */
export interface ChainMessage {
  readonly cid: CidString;
  readonly signed: SignedMessage;
}

/**
 * A tipset with its messages in order of execution, BLS before secp256k1. So far every tipset has one block,
 * made by the chain's own producer.
 */
export interface TipSet {
  readonly cid: CidString;
  readonly header: BlockHeader;
  readonly height: Epoch;
  /** Null for genesis. */
  readonly parent: CidString | null;
  readonly messages: readonly ChainMessage[];
}

/** What executing a tipset gave, beside the state; its child's header commits to it. */
export interface ExecutionResult {
  readonly stateRoot: CidString;
  readonly receipts: readonly MessageReceipt[];
  readonly receiptsRoot: CidString;
  readonly nextBaseFee: AttoFil;
}

export interface Executed {
  readonly state: ChainState;
  readonly result: ExecutionResult;
}

export function chainMessage(signed: SignedMessage): ChainMessage {
  return { cid: signedMessageCid(signed), signed };
}

export function isBlsMessage(message: ChainMessage): boolean {
  return message.signed.signature.type === 'bls';
}

export function makeTipSet(header: BlockHeader, messages: readonly ChainMessage[]): TipSet {
  return {
    cid: blockCid(header),
    header,
    height: header.height,
    parent: header.height === 0 ? null : (header.parents[0] ?? null),
    messages,
  };
}

import type { CidString } from '#core';
import { type AmtBlock, buildAmt } from './amt.ts';
import { encodeCbor, linkToCbor } from './cbor.ts';
import { cidToBytes, dagCborCid } from './cid.ts';
import { bytes, cid, encodeAs, int, nullable, type Schema, tuple, uint } from './schema.ts';

/**
 * The root that a block header's `messages` names: a pair of AMTs of message CIDs, BLS first.
 * For secp256k1 the CIDs are those of the signed messages. Source: Lotus `types.MsgMeta`.
 */
export function blockMessagesRoot(
  blsMessages: readonly CidString[],
  secpkMessages: readonly CidString[],
): { readonly root: CidString; readonly blocks: readonly AmtBlock[] } {
  const lists = [blsMessages, secpkMessages].map((cids) =>
    buildAmt(cids.map((text) => encodeCbor(linkToCbor(cidToBytes(text))))),
  );
  const meta = encodeCbor(lists.map((list) => linkToCbor(cidToBytes(list.root))));
  const root = dagCborCid(meta);
  return { root, blocks: [...lists.flatMap((list) => list.blocks), { cid: root, bytes: meta }] };
}

/** What executing a message gave. */
export interface MessageReceipt {
  readonly exitCode: number;
  /** The CBOR of the return value; empty for none. */
  readonly return: Uint8Array;
  readonly gasUsed: number;
  readonly eventsRoot: CidString | null;
}

/** Source: Lotus `types.MessageReceipt` (version 1). */
export const receiptSchema: Schema<MessageReceipt> = tuple({
  exitCode: int,
  return: bytes,
  gasUsed: uint,
  eventsRoot: nullable(cid),
});

/** The root that the next block header's `parentMessageReceipts` names. */
export function receiptsRoot(receipts: readonly MessageReceipt[]): {
  readonly root: CidString;
  readonly blocks: readonly AmtBlock[];
} {
  return buildAmt(receipts.map((receipt) => encodeAs(receiptSchema, receipt, 'a receipt')));
}

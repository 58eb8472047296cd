import type { CidString } from '#core';
import { type CborValue, decodeCbor, encodeCbor, linkToCbor } from './cbor.ts';
import { cidToBytes, dagCborCid } from './cid.ts';

/**
 * The array-mapped trie (AMT, version 2: eight children a node) in which a block keeps its messages and a
 * tipset its receipts. A node is [bitmap, links, values]; the root is [height, count, node].
 * Source: go-amt-ipld v2, which Lotus uses for `BlockHeader.Messages` and `ParentMessageReceipts`.
 */
const WIDTH = 8;

export interface AmtBlock {
  readonly cid: CidString;
  readonly bytes: Uint8Array;
}

export interface Amt {
  readonly root: CidString;
  /** Every node to be stored, children first, the root last. */
  readonly blocks: readonly AmtBlock[];
}

/** Builds the AMT of a dense array of values, each given as its CBOR. */
export function buildAmt(values: readonly Uint8Array[]): Amt {
  const blocks: AmtBlock[] = [];
  const store = (value: CborValue): CidString => {
    const bytes = encodeCbor(value);
    const cid = dagCborCid(bytes);
    blocks.push({ cid, bytes });
    return cid;
  };
  let level: CborValue[][] = groups(values.map((value) => decodeCbor(value, 'an AMT value'))).map((group) =>
    node([], group),
  );
  let height = 0;
  while (level.length > 1) {
    const links = level.map((child) => linkToCbor(cidToBytes(store(child))));
    level = groups(links).map((group) => node(group, []));
    height++;
  }
  const root = store([height, values.length, level[0] ?? node([], [])]);
  return { root, blocks };
}

function node(links: readonly CborValue[], values: readonly CborValue[]): CborValue[] {
  const bitmap = Uint8Array.of((1 << (links.length + values.length)) - 1);
  return [bitmap, links, values];
}

function groups<T>(items: readonly T[]): T[][] {
  const result: T[][] = [];
  for (let start = 0; start < items.length; start += WIDTH) result.push(items.slice(start, start + WIDTH));
  return result;
}

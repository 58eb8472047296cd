import { z } from 'zod';
import {
  decodeAs,
  decodeBlockHeader,
  decodeSignedMessage,
  encodeAs,
  encodeBlockHeader,
  encodeSignedMessage,
  fromBase64,
  receiptSchema,
  receiptsRoot,
  schema,
  toBase64,
} from '#codec';
import { BeeproError } from '#core';
import { chainMessage, type ExecutionResult, makeTipSet, type TipSet } from '../chain/tipset.ts';
import { LineLog } from './line-log.ts';
import type { StateFolder } from './state-folder.ts';

const bytes = z.string().transform((text) => fromBase64(text) ?? new Uint8Array());

/** One tipset on disk: header and messages as CBOR, and what executing it gave, beside the state. */
const record = z.object({
  block: bytes,
  fork: z.int(),
  messages: z.array(bytes).default([]),
  receipts: bytes.optional(),
  stateRoot: z.string(),
  nextBaseFee: z.string().transform(BigInt),
});

const receiptList = schema.array(receiptSchema);

export interface LoadedTipSet {
  readonly tipSet: TipSet;
  readonly result: ExecutionResult;
  readonly fork: number;
}

/** Every tipset that was ever made, in that order, forks included. */
export class ChainLog {
  readonly #log: LineLog;

  private constructor(log: LineLog) {
    this.#log = log;
  }

  /** @throws BeeproError `DEVNET_DAMAGED` */
  static open(folder: StateFolder): { readonly log: ChainLog; readonly tipSets: LoadedTipSet[] } {
    const path = folder.file('chain.jsonl');
    try {
      const { log, lines } = LineLog.open(path);
      return { log: new ChainLog(log), tipSets: lines.map(readRecord) };
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new BeeproError('DEVNET_DAMAGED', { path, detail }, { cause });
    }
  }

  append(tipSet: TipSet, result: ExecutionResult, fork: number): void {
    const messages = tipSet.messages.map(({ signed }) => toBase64(encodeSignedMessage(signed)));
    const receipts = toBase64(encodeAs(receiptList, result.receipts, 'receipts'));
    this.#log.append({
      block: toBase64(encodeBlockHeader(tipSet.header)),
      fork,
      ...(messages.length > 0 ? { messages, receipts } : {}),
      stateRoot: result.stateRoot,
      nextBaseFee: result.nextBaseFee.toString(),
    });
  }

  close(): void {
    this.#log.close();
  }
}

function readRecord(line: unknown): LoadedTipSet {
  const { block, fork, messages, receipts, stateRoot, nextBaseFee } = record.parse(line);
  const signed = messages.map((each) => chainMessage(decodeSignedMessage(each, 't')));
  const list = receipts ? decodeAs(receiptList, receipts, 'receipts', 't') : [];
  const result = { stateRoot, receipts: list, receiptsRoot: receiptsRoot(list).root, nextBaseFee };
  return { tipSet: makeTipSet(decodeBlockHeader(block, 't'), signed), result, fork };
}

import { z } from 'zod';
import { decodeSignedMessage, encodeSignedMessage, fromBase64, toBase64 } from '#codec';
import type { CidString } from '#core';
import { type ChainMessage, chainMessage } from '../chain/tipset.ts';
import { LineLog } from './line-log.ts';
import { nodeFile } from './node-file.ts';
import type { StateFolder } from './state-folder.ts';

/** A message as CBOR in base64, or the CID of one that was taken out by hand. */
const entry = z.union([z.string(), z.object({ drop: z.string() })]);

/** Every message that was pushed to one node: a restart loses neither what is pending nor what was replaced. */
export class MempoolLog {
  readonly #log: LineLog;

  private constructor(log: LineLog) {
    this.#log = log;
  }

  static open(
    folder: StateFolder,
    node: number,
  ): {
    readonly log: MempoolLog;
    readonly messages: ChainMessage[];
    readonly dropped: ReadonlySet<CidString>;
  } {
    const { log, lines } = LineLog.open(folder.file(nodeFile('mempool.jsonl', node)));
    const messages: ChainMessage[] = [];
    const dropped = new Set<CidString>();
    for (const line of lines) {
      const read = entry.parse(line);
      if (typeof read === 'string')
        messages.push(chainMessage(decodeSignedMessage(fromBase64(read) ?? new Uint8Array(), 't')));
      else dropped.add(read.drop);
    }
    return { log: new MempoolLog(log), messages, dropped };
  }

  append({ signed }: ChainMessage): void {
    this.#log.append(toBase64(encodeSignedMessage(signed)));
  }

  appendDrop(cid: CidString): void {
    this.#log.append({ drop: cid });
  }

  close(): void {
    this.#log.close();
  }
}

import { decodeSignedMessage, encodeSignedMessage, fromBase64, toBase64 } from '#codec';
import { type ChainMessage, chainMessage } from '../chain/tipset.ts';
import { LineLog } from './line-log.ts';
import type { StateFolder } from './state-folder.ts';

/** Messages that were pushed here, so that a restart does not lose what a caller was told is pending. */
export class MempoolLog {
  readonly #log: LineLog;

  private constructor(log: LineLog) {
    this.#log = log;
  }

  static open(folder: StateFolder): { readonly log: MempoolLog; readonly messages: ChainMessage[] } {
    const { log, lines } = LineLog.open(folder.file('mempool.jsonl'));
    const messages = (lines as string[]).map((line) =>
      chainMessage(decodeSignedMessage(fromBase64(line) ?? new Uint8Array(), 't')),
    );
    return { log: new MempoolLog(log), messages };
  }

  append({ signed }: ChainMessage): void {
    this.#log.append(toBase64(encodeSignedMessage(signed)));
  }

  /** Keeps only what is still pending. */
  rewrite(pending: readonly ChainMessage[]): void {
    this.#log.clear();
    for (const message of pending) this.append(message);
  }

  close(): void {
    this.#log.close();
  }
}

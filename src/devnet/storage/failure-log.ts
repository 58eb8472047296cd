import { z } from 'zod';
import type { FailureEntry } from '../faults/sector-failures.ts';
import { LineLog } from './line-log.ts';
import type { StateFolder } from './state-folder.ts';

const entry = z.object({ from: z.int(), sectors: z.array(z.int()) });

/** From which height on whose proofs were told to fail: what was executed is executed again after a restart. */
export class FailureLog {
  readonly #log: LineLog;

  private constructor(log: LineLog) {
    this.#log = log;
  }

  static open(folder: StateFolder): { readonly log: FailureLog; readonly entries: readonly FailureEntry[] } {
    const { log, lines } = LineLog.open(folder.file('failures.jsonl'));
    return { log: new FailureLog(log), entries: lines.map((line) => entry.parse(line)) };
  }

  append(added: FailureEntry): void {
    this.#log.append(added);
  }

  close(): void {
    this.#log.close();
  }
}

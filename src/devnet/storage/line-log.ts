import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';

/** A file of JSON lines that only grows. A torn last line, left by a crash in mid-write, is cut off. */
export class LineLog {
  readonly #file: number;

  private constructor(file: number) {
    this.#file = file;
  }

  /** Opens the file and gives back what it holds. @throws SyntaxError for a damaged line before the last */
  static open(path: string): { readonly log: LineLog; readonly lines: unknown[] } {
    const content = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const whole = content.slice(0, content.lastIndexOf('\n') + 1);
    if (whole.length < content.length) truncateSync(path, Buffer.byteLength(whole));
    const lines = whole
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as unknown);
    return { log: new LineLog(openSync(path, 'a', 0o600)), lines };
  }

  /** On its way to the disk when this returns: it survives the end of the process. */
  append(record: unknown): void {
    writeSync(this.#file, `${JSON.stringify(record)}\n`);
  }

  close(): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}

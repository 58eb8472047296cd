import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  truncateSync,
  writeSync,
} from 'node:fs';

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
    const line = Buffer.from(`${JSON.stringify(record)}\n`);
    const { size } = fstatSync(this.#file);
    try {
      if (writeSync(this.#file, line) < line.length) throw new Error('the disk is full');
    } catch (error) {
      // Half a line would spoil the next one.
      ftruncateSync(this.#file, size);
      throw error;
    }
  }

  close(): void {
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}

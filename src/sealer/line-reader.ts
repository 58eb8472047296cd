/**
 * Cuts a byte stream into lines. A line longer than `maxBytes` is rubbish and ends the reading: `push` returns
 * false from then on.
 */
export class LineReader {
  readonly #maxBytes: number;
  readonly #onLine: (line: string) => void;
  #chunks: Buffer[] = [];
  #length = 0;
  #broken = false;

  constructor(maxBytes: number, onLine: (line: string) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  push(chunk: Buffer): boolean {
    let rest = chunk;
    while (!this.#broken) {
      const end = rest.indexOf(0x0a);
      const part = end < 0 ? rest : rest.subarray(0, end);
      this.#chunks.push(part);
      this.#length += part.length;
      if (this.#length > this.#maxBytes) this.#broken = true;
      if (end < 0 || this.#broken) break;
      const line = Buffer.concat(this.#chunks).toString('utf8');
      this.#chunks = [];
      this.#length = 0;
      rest = rest.subarray(end + 1);
      if (line !== '') this.#onLine(line);
    }
    return !this.#broken;
  }
}

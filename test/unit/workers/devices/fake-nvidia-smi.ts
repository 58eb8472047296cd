import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const GPU_A = 'GPU-8f2c1d34-0000-4abc-9def-0123456789ab';
export const GPU_B = 'GPU-00000000-1111-2222-3333-444444444444';

/**
 * A double of `nvidia-smi`, which only works beside an NVIDIA driver: a script that prints what it is told, and ends as
 * it is told. The forms are those of the real tool's CSV output.
 */
export class FakeNvidiaSmi {
  readonly path: string;

  constructor(folder: string) {
    this.path = join(folder, 'nvidia-smi');
  }

  lists(...rows: readonly string[]): void {
    this.#script(rows, 0);
  }

  /** Prints the rows, then a complaint, and ends with an error. */
  fails(code: number, words: string, ...rows: readonly string[]): void {
    this.#script([...rows, words], code);
  }

  #script(lines: readonly string[], code: number): void {
    writeFileSync(this.path, `#!/bin/sh\ncat <<'END'\n${lines.join('\n')}\nEND\nexit ${code}\n`);
    chmodSync(this.path, 0o755);
  }
}

export function gpuRow(uuid: string, fields = 'NVIDIA GeForce RTX 3080, 10240, P8'): string {
  return `${uuid}, ${fields}`;
}

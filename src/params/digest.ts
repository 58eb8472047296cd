import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Bytes } from '#core';
import { unreadable } from './file-errors.ts';

/** Filecoin's digest of a parameter file: the first 16 bytes of its BLAKE2b-512, in hexadecimal. */
export class Digester {
  readonly #hash: Hash = createHash('blake2b512');

  update(bytes: Uint8Array): void {
    this.#hash.update(bytes);
  }

  /** Ends it: nothing can be added afterwards. */
  finish(): string {
    return this.#hash.digest('hex').slice(0, 32);
  }
}

const CHUNK: Bytes = 1 << 20;

export interface DigestOptions {
  /** Told the bytes read so far, after each megabyte. */
  readonly onBytes?: (done: Bytes) => void;
  readonly signal?: AbortSignal;
}

/** Adds a file to a digest and returns how many bytes it has. */
export async function digestInto(
  digester: Digester,
  path: string,
  options: DigestOptions = {},
): Promise<Bytes> {
  let done = 0;
  const { signal } = options;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK, ...(signal && { signal }) })) {
    const bytes = chunk as Buffer;
    digester.update(bytes);
    done += bytes.length;
    options.onBytes?.(done);
  }
  return done;
}

/** @throws BeeproError `PARAMS_FOLDER_UNREADABLE` */
export async function digestFile(path: string, options: DigestOptions = {}): Promise<string> {
  const digester = new Digester();
  try {
    await digestInto(digester, path, options);
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw unreadable(path, error);
  }
  return digester.finish();
}

import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

/** Keeps digests from one run to the next: hashing a 32GiB set reads 100 GB. */
export const DIGEST_CACHE_FILE = '.beepro-digests.json';

const entry = z.object({
  size: z.number(),
  mtimeMs: z.number(),
  ino: z.number(),
  digest: z.string().regex(/^[0-9a-f]{32}$/),
});
const content = z.record(z.string(), entry);

/** What a file looked like when it was hashed; a digest counts only while all of it is the same. */
export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

/**
 * The digests found earlier in one folder. It is only a cache: one that cannot be read is empty, and a folder
 * that cannot be written just gets none, at the price of hashing again.
 */
export class DigestCache {
  readonly #folder: string;
  readonly #entries: Map<string, z.infer<typeof entry>>;
  #changed = false;

  private constructor(folder: string, entries: Map<string, z.infer<typeof entry>>) {
    this.#folder = folder;
    this.#entries = entries;
  }

  static async open(folder: string): Promise<DigestCache> {
    const text = await readFile(join(folder, DIGEST_CACHE_FILE), 'utf8').catch(() => '{}');
    return new DigestCache(folder, new Map(Object.entries(parse(text))));
  }

  get(name: string, stamp: FileStamp): string | undefined {
    const known = this.#entries.get(name);
    const same = known?.size === stamp.size && known.mtimeMs === stamp.mtimeMs && known.ino === stamp.ino;
    return same ? known.digest : undefined;
  }

  set(name: string, stamp: FileStamp, digest: string): void {
    const { size, mtimeMs, ino } = stamp;
    this.#entries.set(name, { size, mtimeMs, ino, digest });
    this.#changed = true;
  }

  async save(): Promise<void> {
    if (!this.#changed) return;
    const path = join(this.#folder, DIGEST_CACHE_FILE);
    const temporary = `${path}.${process.pid}`;
    try {
      await writeFile(temporary, JSON.stringify(Object.fromEntries(this.#entries)));
      await rename(temporary, path);
      this.#changed = false;
    } catch {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }
}

function parse(text: string): z.infer<typeof content> {
  try {
    return content.parse(JSON.parse(text));
  } catch {
    return {};
  }
}

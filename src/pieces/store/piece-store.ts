import { randomUUID } from 'node:crypto';
import { access, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes, CidString } from '#core';
import { type CopyOptions, copyFile, finishCopy, storageError, verifyCopy } from '#storage';

const INCOMING = 'incoming';
const DAY_MS = 86_400_000;

/** A verified copy that has no name yet. */
export interface IncomingCopy {
  readonly path: string;
  readonly size: Bytes;
  readonly sha256: string;
}

/**
 * The folder with the copies of added pieces, which the workers read: one file a piece, named for its CID and copy.
 * A copy has its final name only when it is whole, verified and on disk.
 */
export class PieceStore {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  pathOf(cid: CidString, copy: number): string {
    return join(this.folder, copy === 0 ? cid : `${cid}.${copy}`);
  }

  /** Copies an operator's file in, with its sha256, and reads it back. @throws BeeproError `STORAGE_…` */
  async takeIn(source: string, options: CopyOptions = {}): Promise<IncomingCopy> {
    const path = join(this.folder, INCOMING, randomUUID());
    try {
      const copied = await copyFile(source, path, options);
      await verifyCopy(path, copied, options);
      await finishCopy(path);
      return { path, ...copied };
    } catch (error) {
      await this.drop({ path: `${path}.tmp` });
      throw error;
    }
  }

  /**
   * Gives a copy its final name, durably; a file that was already there had the same content. May be called again for
   * a copy that has been kept.
   */
  async keep(copy: IncomingCopy, cid: CidString, number: number): Promise<string> {
    const path = this.pathOf(cid, number);
    try {
      await rename(copy.path, path);
      const folder = await open(this.folder, 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    } catch (error) {
      if (!(await exists(path)) || (await exists(copy.path))) throw storageError(error, path);
    }
    return path;
  }

  /** Removes a copy; one that is gone already is no error. */
  async drop(copy: { readonly path: string }): Promise<void> {
    await rm(copy.path, { force: true });
  }

  /** Removes what interrupted additions left more than a day ago. Returns how many files. */
  async sweepIncoming(now: number = Date.now()): Promise<number> {
    const folder = join(this.folder, INCOMING);
    let removed = 0;
    for (const name of await namesIn(folder)) {
      const path = join(folder, name);
      const file = await stat(path).catch(() => undefined);
      if (!file || now - file.mtimeMs < DAY_MS) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }
}

/** None where there is no such folder: nothing was ever added here. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw storageError(error, folder);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false; // whatever the reason, it cannot be used
  }
}

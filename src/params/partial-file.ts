import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Bytes } from '#core';
import { Digester, digestInto } from './digest.ts';

/**
 * A file that is being fetched, under a name of its own until it is whole and right. What an earlier run fetched
 * is kept; its digest goes on from there.
 */
export class PartialFile {
  readonly path: string;
  readonly #target: string;
  readonly #file: FileHandle;
  #digester: Digester;
  #done: Bytes;

  private constructor(target: string, path: string, file: FileHandle, digester: Digester, done: Bytes) {
    this.#target = target;
    this.path = path;
    this.#file = file;
    this.#digester = digester;
    this.#done = done;
  }

  static async open(folder: string, name: string, signal?: AbortSignal): Promise<PartialFile> {
    const path = join(folder, `.beepro-part-${name}`);
    const file = await open(path, 'a+');
    try {
      const digester = new Digester();
      const done = await digestInto(digester, path, signal && { signal });
      return new PartialFile(join(folder, name), path, file, digester, done);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** Bytes that are there. */
  get done(): Bytes {
    return this.#done;
  }

  async append(bytes: Uint8Array): Promise<void> {
    await this.#file.appendFile(bytes);
    this.#digester.update(bytes);
    this.#done += bytes.length;
  }

  /** Drops what is there. */
  async restart(): Promise<void> {
    await this.#file.truncate(0);
    this.#digester = new Digester();
    this.#done = 0;
  }

  /** The digest of all that is there; nothing can be appended afterwards without a restart. */
  digest(): string {
    return this.#digester.finish();
  }

  /** Gives the file its name, durably. */
  async publish(): Promise<void> {
    await this.#file.sync();
    await rename(this.path, this.#target);
    const folder = await open(dirname(this.#target), 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

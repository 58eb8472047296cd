import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { BeeproError } from '#core';
import { identityOf, isAlive } from '#sealer';

const processIdentity = z.object({ bootId: z.string(), pid: z.int(), startTime: z.int() });

/** Folders that this process holds: to itself its lock file says nothing. */
const openHere = new Set<string>();

/** The devnet's folder, held by one process at a time. */
export class StateFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = resolve(path);
  }

  /** @throws BeeproError `DEVNET_IN_USE` */
  static open(path: string): StateFolder {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const folder = new StateFolder(path);
    const holder = folder.parse('lock', (text) => processIdentity.parse(JSON.parse(text)));
    if (openHere.has(folder.path) || (holder && holder.pid !== process.pid && isAlive(holder)))
      throw new BeeproError('DEVNET_IN_USE', { path, pid: holder?.pid ?? process.pid });
    openHere.add(folder.path);
    folder.write('lock', JSON.stringify(identityOf(process.pid)));
    return folder;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** Undefined when the file is not there. */
  read(name: string): string | undefined {
    try {
      return readFileSync(this.file(name), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  /**
   * The content of a file as `parse` reads it; undefined when it is not there.
   * @throws BeeproError `DEVNET_DAMAGED` when `parse` throws
   */
  parse<T>(name: string, parse: (text: string) => T): T | undefined {
    const text = this.read(name);
    if (text === undefined) return undefined;
    try {
      return parse(text);
    } catch (error) {
      // What JSON.parse says quotes the text, and that may be a key.
      const detail = error instanceof SyntaxError ? 'it is no whole JSON' : (error as Error).message;
      throw new BeeproError('DEVNET_DAMAGED', { path: this.file(name), detail });
    }
  }

  /** Replaces a file at once and durably; readable by its owner only. */
  write(name: string, content: string): void {
    const temporary = this.file(`${name}.tmp`);
    const file = openSync(temporary, 'w', 0o600);
    try {
      writeSync(file, content);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, this.file(name));
  }

  list(): string[] {
    return readdirSync(this.path);
  }

  remove(name: string): void {
    rmSync(this.file(name), { force: true });
  }

  release(): void {
    openHere.delete(this.path);
    this.remove('lock');
  }
}

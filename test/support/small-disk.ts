import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A file system of its own that fills for real; mounting one needs root. */
export class SmallDisk implements AsyncDisposable {
  readonly path: string;

  /** @param size as mount(8) takes it, `4m` */
  constructor(path: string, size: string) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=700`, 'tmpfs', path]);
  }

  /** Another disk in its place, with the files of this one. */
  resize(size: string): void {
    execFileSync('mount', ['-o', `remount,size=${size}`, this.path]);
  }

  /** Takes all the room there is; returns how to give it back. */
  async fill(): Promise<() => Promise<void>> {
    const ballast = join(this.path, 'ballast');
    // Others write too: what is left is only known when nothing is.
    for (;;) {
      try {
        appendFileSync(ballast, Buffer.alloc(64 * 1024));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
        return () => rm(ballast);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Lazily: whatever still has a file open there must not hold up the end of the suite.
    execFileSync('umount', ['--lazy', this.path]);
  }
}

let mountable: boolean | undefined;

/** Whether this user may mount; tried once. */
export function canMount(): boolean {
  mountable ??= tryMount();
  return mountable;
}

function tryMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'beepro-mount-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'tmpfs', path], { stdio: 'ignore' });
    execFileSync('umount', [path]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(path);
  }
}

import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { BeeproError } from '#core';
import { hasCode } from './file-errors.ts';

export interface FolderLock {
  release(): Promise<void>;
}

export interface LockOptions {
  /** How long to wait for another process, ms. */
  readonly waitMs?: number;
  /** Told once when there is another process to wait for. */
  readonly onWait?: () => void;
  readonly signal?: AbortSignal;
}

const POLL_MS = 250;
const DEFAULT_WAIT_MS = 30 * 60_000;

/**
 * Holds a folder against other fetches on this machine: by the name of an abstract unix socket, which the kernel
 * gives to one process only and takes back when that process dies, so no lock is ever stale.
 * @throws BeeproError `PARAMS_BUSY` when another process still holds it after `waitMs`
 */
export async function lockFolder(folder: string, options: LockOptions = {}): Promise<FolderLock> {
  const name = createHash('sha256')
    .update(await realpath(folder))
    .digest('hex');
  const deadline = Date.now() + (options.waitMs ?? DEFAULT_WAIT_MS);
  for (let waited = false; ; waited = true) {
    const server = await claim(`\0beepro-params-${name}`);
    if (server) return { release: () => new Promise((done) => server.close(() => done())) };
    if (Date.now() >= deadline) throw new BeeproError('PARAMS_BUSY', { folder });
    if (!waited) options.onWait?.();
    await delay(POLL_MS, undefined, options.signal && { signal: options.signal });
  }
}

function claim(name: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error) => (hasCode(error, 'EADDRINUSE') ? resolve(undefined) : reject(error)));
    server.listen(name, () => resolve(server));
    server.unref();
  });
}

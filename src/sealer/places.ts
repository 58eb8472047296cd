import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BeeproError } from '#core';
import type { SealerPlace } from './sealer-process.ts';

/** `sockaddr_un.sun_path` holds 108 bytes with the closing zero (unix(7)). */
const MAX_SOCKET_PATH = 107;

/** Where the sealer `name` of the state folder `dir` has its socket, log and journal. */
export function sealerPlace(dir: string, name: string): SealerPlace {
  const home = join(dir, name);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  return { socket: socketPath(home, dir, name), log: join(home, 'sealer.log'), state: join(home, 'state') };
}

/** Beside the journal where that is short enough, else in a private folder under /tmp. */
function socketPath(home: string, dir: string, name: string): string {
  const near = join(home, 'socket');
  if (Buffer.byteLength(near) <= MAX_SOCKET_PATH) return near;
  const uid = process.getuid?.() ?? 0;
  const base = join(tmpdir(), `beepro-sealers-${uid}`);
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const stat = lstatSync(base);
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o077) !== 0) {
    throw new BeeproError('SEALER_START_FAILED', { detail: `${base} is not a private folder of this user` });
  }
  return join(base, createHash('sha256').update(`${dir}\0${name}`).digest('hex').slice(0, 24));
}

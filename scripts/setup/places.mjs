// Where set-up keeps things. Three folders, each with an environment variable that moves it:
//   state  (BEEPRO_STATE_DIR)  what belongs to this work tree: runs, registry of processes, logs
//   cache  (BEEPRO_CACHE_DIR)  what can be made again and is shared by all work trees of this user
//   socket                     a short private folder, since a unix socket's path has at most 107 bytes
import { createHash } from 'node:crypto';
import { accessSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SetupError } from './setup-error.mjs';

/** The work tree. */
export const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** `sockaddr_un.sun_path` holds 108 bytes with the closing zero (unix(7)). */
const MAX_SOCKET_PATH = 107;

/** @returns {number} the user's id, -1 where the platform has none */
export function userId() {
  return process.getuid ? process.getuid() : -1;
}

/** @returns {string} */
export function stateDir() {
  return resolve(process.env.BEEPRO_STATE_DIR || join(ROOT, '.state'));
}

/**
 * The user's cache folder, or one under /var/tmp for users whose home cannot be written (as `nobody`).
 * @returns {string}
 */
export function cacheDir() {
  if (process.env.BEEPRO_CACHE_DIR) return resolve(process.env.BEEPRO_CACHE_DIR);
  const base = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  if (isCreatable(base)) return join(base, 'beepro');
  return makePrivateFolder(`/var/tmp/beepro-cache-${userId()}`);
}

/**
 * True when `path` is a writable folder, or could be made below a writable one.
 * @param {string} path
 * @returns {boolean}
 */
export function isCreatable(path) {
  let current = resolve(path);
  for (;;) {
    try {
      const stat = lstatSync(current);
      if (stat.isDirectory() || stat.isSymbolicLink()) {
        accessSync(current, constants.W_OK | constants.X_OK);
        return true;
      }
      return false;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ENOENT') return false;
    }
    const parent = dirname(current);
    if (parent === current) return false;
    current = parent;
  }
}

/**
 * Makes the folder for the sockets of one run.
 * @param {string} key what tells this run from all others on the machine
 * @returns {string}
 */
export function makeSocketDir(key) {
  const runtime = process.env.XDG_RUNTIME_DIR;
  const base = runtime && ownedByUs(runtime) ? join(runtime, 'beepro') : join(tmpdir(), `beepro-${userId()}`);
  const dir = join(base, createHash('sha256').update(key).digest('hex').slice(0, 12));
  for (const path of [base, dir]) makePrivateFolder(path);
  const longest = Buffer.byteLength(join(dir, 'mysqld.sock'));
  if (longest > MAX_SOCKET_PATH) {
    throw new SetupError(
      `the socket folder's path is too long: ${dir} (${longest} of ${MAX_SOCKET_PATH} bytes)`,
      'set XDG_RUNTIME_DIR or TMPDIR to a shorter path',
    );
  }
  return dir;
}

/**
 * Makes a folder in a place where everybody can write. One that is there already is accepted only when it belongs to
 * this user and nobody else can enter it.
 * @param {string} path
 * @returns {string} the path
 */
function makePrivateFolder(path) {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = lstatSync(path);
  if (stat.isDirectory() && stat.uid === userId() && (stat.mode & 0o077) === 0) return path;
  throw new SetupError(
    `${path} is not a private folder of this user`,
    'remove it, or set BEEPRO_CACHE_DIR and XDG_RUNTIME_DIR to folders of your own with mode 0700',
  );
}

/** @param {string} path */
function ownedByUs(path) {
  try {
    return lstatSync(path).uid === userId() && isCreatable(path);
  } catch {
    return false; // no such folder: the other place is used
  }
}

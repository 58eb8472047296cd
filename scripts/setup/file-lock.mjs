// A lock between processes that the kernel releases when its holder dies, however it dies: flock(1) holds it
// as long as the pipe from this process stays open. Nothing has to be judged stale, also across containers.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SetupError } from './setup-error.mjs';

/**
 * @template T
 * @param {string} path the lock file; it is created and stays
 * @param {() => Promise<T>} work
 * @param {(holder: string) => void} [onWait] called once when another process holds the lock
 * @returns {Promise<T>}
 */
export async function withFileLock(path, work, onWait) {
  const release = await acquire(path, onWait);
  try {
    return await work();
  } finally {
    await release();
  }
}

/**
 * @param {string} path
 * @param {((holder: string) => void) | undefined} onWait
 * @returns {Promise<() => Promise<void>>}
 */
async function acquire(path, onWait) {
  mkdirSync(dirname(path), { recursive: true });
  let release = await hold(path, ['--nonblock']);
  if (!release) {
    onWait?.(readHolder(path));
    release = await hold(path, []);
  }
  if (!release) {
    throw new SetupError(`cannot lock ${path}`, 'check that its folder is writable and on a local disk');
  }
  writeFileSync(path, `pid ${process.pid}: ${process.argv.slice(1).join(' ')}\n`);
  return release;
}

/**
 * @param {string} path
 * @param {readonly string[]} flags
 * @returns {Promise<(() => Promise<void>) | undefined>} how to release it; undefined when it was not got
 */
function hold(path, flags) {
  return new Promise((done, fail) => {
    // `cat` copies one line to say that the lock is held, then waits for the pipe to close. The holder has a
    // session of its own, so that Ctrl-C does not release the lock before this process has cleaned up.
    const holder = spawn('flock', [...flags, path, 'cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    });
    const ended = new Promise((resolve) => holder.once('close', () => resolve(undefined)));
    holder.stdin.on('error', () => undefined); // flock --nonblock ended first
    holder.once('error', (error) => fail(new SetupError(`flock: ${error.message}`, 'install util-linux')));
    holder.stdout.once('data', () =>
      done(async () => {
        holder.stdin.end();
        await ended;
      }),
    );
    void ended.then(() => done(undefined));
    holder.stdin.write('held\n');
  });
}

/** @param {string} path */
function readHolder(path) {
  try {
    return readFileSync(path, 'utf8').trim() || 'another process';
  } catch {
    return 'another process';
  }
}

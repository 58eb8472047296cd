import { execFile } from 'node:child_process';
import { statfs } from 'node:fs/promises';
import { BeeproError, type Bytes } from '#core';

export interface DiskSpace {
  readonly total: Bytes;
  /** What this user may still write. */
  readonly free: Bytes;
}

/** A mount that does not answer for so long, in ms, is treated as gone. */
const PROBE_TIMEOUT_MS = 10_000;

/**
 * Space on the file system of a path, asked by a child process: statfs on a hung NFS mount never returns, and a
 * thread of this process that waits for it would be lost for all other work.
 * @throws BeeproError `STORAGE_STALLED`, `STORAGE_IO`
 */
export function diskSpace(path: string, timeoutMs = PROBE_TIMEOUT_MS): Promise<DiskSpace> {
  return new Promise((resolve, reject) => {
    const stalled = () =>
      reject(new BeeproError('STORAGE_STALLED', { what: 'The file system', path, ms: timeoutMs }));
    // A child that hangs in the kernel cannot be killed; its promise is left behind, not awaited.
    const late = setTimeout(stalled, timeoutMs);
    execFile(
      'df',
      ['-B1', '--output=size,avail', '--', path],
      { timeout: timeoutMs, killSignal: 'SIGKILL', env: { ...process.env, LC_ALL: 'C' } },
      (error, stdout, stderr) => {
        clearTimeout(late);
        if (error?.killed) return stalled();
        const [total, free] = (stdout.trim().split('\n')[1] ?? '').trim().split(/\s+/).map(Number);
        if (error || total === undefined || free === undefined || Number.isNaN(total + free)) {
          const detail = stderr.trim() || error?.message || 'df gave no numbers';
          return reject(new BeeproError('STORAGE_IO', { path, detail }, { cause: error }));
        }
        return resolve({ total, free });
      },
    );
  });
}

/**
 * The same of a disk of this machine, asked by a thread of this process: a child process costs a hundred times as much.
 * Where the disk hangs there is no answer, and the thread is lost with it, so who asks must ask one question at a time.
 * @throws the system's error
 */
export async function localDiskSpace(path: string): Promise<DiskSpace> {
  const { bsize, blocks, bavail } = await statfs(path);
  return { total: blocks * bsize, free: bavail * bsize };
}

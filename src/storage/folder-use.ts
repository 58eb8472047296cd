import { execFile } from 'node:child_process';
import { BeeproError, type Bytes } from '#core';

/**
 * What each folder directly below a path takes on the disk, by its name, holes not counted. Asked by a child process,
 * as {@link diskSpace}: a hung disk holds up nobody here.
 * @throws BeeproError `STORAGE_STALLED`, `STORAGE_IO`
 */
export function folderUse(path: string, timeoutMs = 30_000): Promise<ReadonlyMap<string, Bytes>> {
  return new Promise((resolve, reject) => {
    const stalled = () =>
      reject(new BeeproError('STORAGE_STALLED', { what: 'The file system', path, ms: timeoutMs }));
    const late = setTimeout(stalled, timeoutMs);
    execFile(
      'du',
      ['-B1', '--max-depth=1', '--one-file-system', '--', path],
      {
        timeout: timeoutMs,
        killSignal: 'SIGKILL',
        env: { ...process.env, LC_ALL: 'C' },
        maxBuffer: 16 * 2 ** 20,
      },
      (error, stdout, stderr) => {
        clearTimeout(late);
        if (error?.killed) return stalled();
        const uses = new Map<string, Bytes>();
        for (const line of stdout.split('\n')) {
          const [size, name] = line.split('\t');
          if (name?.startsWith(`${path}/`)) uses.set(name.slice(path.length + 1), Number(size));
        }
        // Files come and go while they are counted: du says so, and goes on.
        if (error && !/No such file or directory/.test(stderr)) {
          return reject(new BeeproError('STORAGE_IO', { path, detail: stderr.trim() || error.message }));
        }
        return resolve(uses);
      },
    );
  });
}

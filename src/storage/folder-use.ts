import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes } from '#core';

/** Of a file's `blocks`, whatever its file system's own are (stat(2)). */
const BLOCK_BYTES = 512;

/**
 * What each folder directly below a path takes on the disk, by its name, holes not counted. One question at a time: a
 * disk that hangs keeps one of this process's threads, and its answer is never there.
 */
export async function folderUse(path: string): Promise<ReadonlyMap<string, Bytes>> {
  const { dev } = await lstat(path);
  const uses = new Map<string, Bytes>();
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) uses.set(entry.name, await treeUse(join(path, entry.name), dev, new Set()));
  }
  return uses;
}

/** @param linked files of several names that were counted under another one */
async function treeUse(path: string, device: number, linked: Set<number>): Promise<Bytes> {
  const facts = await lstat(path).catch(absent);
  if (facts?.dev !== device) return 0;
  let bytes = facts.blocks * BLOCK_BYTES;
  for (const entry of (await readdir(path, { withFileTypes: true }).catch(absent)) ?? []) {
    const at = join(path, entry.name);
    if (entry.isDirectory()) {
      bytes += await treeUse(at, device, linked);
      continue;
    }
    const file = await lstat(at).catch(absent);
    if (!file || linked.has(file.ino)) continue;
    if (file.nlink > 1) linked.add(file.ino);
    bytes += file.blocks * BLOCK_BYTES;
  }
  return bytes;
}

/** Files come and go while they are counted. */
function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

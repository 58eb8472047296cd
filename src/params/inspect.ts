import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bytes } from '#core';
import { classify, type ParameterState } from './classify.ts';
import { digestFile } from './digest.ts';
import { DigestCache } from './digest-cache.ts';
import { hasCode, unreadable } from './file-errors.ts';
import { readGeneratedRecords } from './generated-records.ts';
import type { ParameterFile } from './parameter-set.ts';
import { isWhole } from './structure.ts';

/** A file as it lies in the folder. */
export interface InspectedFile {
  readonly file: ParameterFile;
  readonly state: ParameterState;
  /** Absent when the file is. */
  readonly bytes?: Bytes;
  readonly digest?: string;
  readonly generated?: { readonly at: Date; readonly tool: string };
}

export interface InspectOptions {
  /** Hash every file again, whatever is remembered: for doubts about a disk. */
  readonly rehash?: boolean;
  /** While a file is hashed: its bytes so far, of how many. */
  readonly onProgress?: (name: string, done: Bytes, total: Bytes) => void;
  readonly signal?: AbortSignal;
}

/**
 * The state of files in a folder. Digests are remembered by size, time and inode, so that a second call reads
 * nothing.
 * @throws BeeproError `PARAMS_FOLDER_UNREADABLE`, `PARAMS_RECORDS_UNREADABLE`
 */
export async function inspectFiles(
  folder: string,
  files: readonly ParameterFile[],
  options: InspectOptions = {},
): Promise<readonly InspectedFile[]> {
  const records = await readGeneratedRecords(folder);
  const cache = await DigestCache.open(folder);
  const inspected: InspectedFile[] = [];
  for (const file of files) {
    const path = join(folder, file.name);
    const stats = await statIfThere(path);
    if (!stats) {
      inspected.push({ file, state: classify(undefined) });
      continue;
    }
    const known = options.rehash ? undefined : cache.get(file.name, stats);
    const digest = known ?? (await hash(file.name, path, stats, options));
    if (!known) cache.set(file.name, stats, digest);
    const record = records.get(file.name);
    const whole = await isWhole(path, stats.size);
    const state = classify({ size: stats.size, digest, whole, published: file.published, record });
    const generated = state === 'generated' && record;
    inspected.push({
      file,
      state,
      bytes: stats.size,
      digest,
      ...(generated && { generated: { at: new Date(generated.created * 1_000), tool: generated.tool } }),
    });
  }
  await cache.save();
  return inspected;
}

function hash(name: string, path: string, stats: Stats, options: InspectOptions): Promise<string> {
  const { onProgress, signal } = options;
  return digestFile(path, {
    ...(signal && { signal }),
    ...(onProgress && { onBytes: (done: Bytes) => onProgress(name, done, stats.size) }),
  });
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    const stats = await stat(path);
    return stats.isFile() ? stats : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR')) return undefined;
    throw unreadable(path, error);
  }
}

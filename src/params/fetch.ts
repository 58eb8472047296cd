import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BeeproError, type Bytes } from '#core';
import { makeFolder } from './cache-folder.ts';
import { DigestCache } from './digest-cache.ts';
import { type FetchOptions, fetchFile } from './fetch-file.ts';
import { type LockOptions, lockFolder } from './folder-lock.ts';
import { inspectFiles } from './inspect.ts';
import type { ParameterFile } from './parameter-set.ts';

export interface FetchFilesOptions extends FetchOptions, LockOptions {
  /** Put published files in the place of generated and unknown ones. */
  readonly replace?: boolean;
  /** While a file that is there already is hashed. */
  readonly onHash?: (name: string, done: Bytes, total: Bytes) => void;
}

export interface FetchedFiles {
  readonly fetched: readonly string[];
  /** Were there already, and right. */
  readonly kept: readonly string[];
}

/**
 * Fetches those of these files that are not there and verified, the small ones of each set first, so that an
 * unreachable server is noticed at once. Corrupt files are replaced; whole ones of another origin only on demand.
 * @throws BeeproError `PARAMS_IN_THE_WAY` before anything is fetched; else as {@link fetchFile}
 */
export async function fetchFiles(
  folder: string,
  files: readonly ParameterFile[],
  options: FetchFilesOptions = {},
): Promise<FetchedFiles> {
  await makeFolder(folder);
  const lock = await lockFolder(folder, options);
  try {
    return await fetchLacking(folder, files, options);
  } finally {
    await lock.release();
  }
}

async function fetchLacking(
  folder: string,
  files: readonly ParameterFile[],
  options: FetchFilesOptions,
): Promise<FetchedFiles> {
  const { onHash, signal } = options;
  const inspected = await inspectFiles(folder, files, {
    ...(onHash && { onProgress: onHash }),
    ...(signal && { signal }),
  });
  const inTheWay = inspected.find(({ state }) => state === 'generated' || state === 'unknown');
  if (inTheWay && !options.replace) {
    const { file, state } = inTheWay;
    throw new BeeproError('PARAMS_IN_THE_WAY', { name: file.name, state });
  }
  const lacking = inspected
    .filter(({ state }) => state !== 'published-verified')
    .map(({ file }) => file)
    .toSorted(smallFirst);
  for (const file of lacking) {
    await fetchFile(folder, file, options);
    const cache = await DigestCache.open(folder);
    cache.set(file.name, await stat(join(folder, file.name)), file.published.digest);
    await cache.save();
  }
  const fetched = lacking.map(({ name }) => name);
  return { fetched, kept: files.map(({ name }) => name).filter((name) => !fetched.includes(name)) };
}

function smallFirst(a: ParameterFile, b: ParameterFile): number {
  return Number(a.name.endsWith('.params')) - Number(b.name.endsWith('.params'));
}

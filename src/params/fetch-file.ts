import { statfs } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { BeeproError, type Bytes, isBeeproError } from '#core';
import { hasCode } from './file-errors.ts';
import { DEFAULT_GATEWAY, download, gatewayUrl } from './gateway.ts';
import type { ParameterFile } from './parameter-set.ts';
import { PartialFile } from './partial-file.ts';

export interface FetchOptions {
  /** Base URL; the file's CID is appended. */
  readonly gateway?: string;
  /** The longest silence of the server, ms. */
  readonly stallMs?: number;
  /** Tries in a row that bring no byte before it fails. */
  readonly attempts?: number;
  /** The pause before another try, ms; it doubles with each fruitless one. */
  readonly backOffMs?: number;
  /** Bytes that are there, of how many if the server says so. */
  readonly onProgress?: (name: string, done: Bytes, total: Bytes | undefined) => void;
  readonly signal?: AbortSignal;
}

const STALL_MS = 60_000;
const ATTEMPTS = 6;
const BACK_OFF_MS = 1_000;
const MAX_BACK_OFF_MS = 30_000;

/**
 * Fetches a published file into a folder: goes on where an earlier try stopped, and gives the file its name only
 * when its digest is the published one.
 * @throws BeeproError `PARAMS_UNREACHABLE`, `PARAMS_STALLED`, `PARAMS_HTTP_STATUS` after all tries;
 * `PARAMS_NOT_AT_GATEWAY`, `PARAMS_DIGEST_MISMATCH`, `PARAMS_NO_SPACE` at once
 */
export async function fetchFile(
  folder: string,
  file: ParameterFile,
  options: FetchOptions = {},
): Promise<void> {
  const part = await PartialFile.open(folder, file.name, options.signal);
  try {
    await completePart(part, folder, file, options);
  } finally {
    await part.close();
  }
}

async function completePart(
  part: PartialFile,
  folder: string,
  file: ParameterFile,
  options: FetchOptions,
): Promise<void> {
  const resumed = part.done > 0;
  await fill(part, folder, file, options);
  let digest = part.digest();
  if (digest !== file.published.digest && resumed) {
    // What an earlier run left may have been damaged since, or be of another gateway's wrong file.
    await part.restart();
    await fill(part, folder, file, options);
    digest = part.digest();
  }
  if (digest !== file.published.digest) {
    await part.remove();
    const expected = file.published.digest;
    throw new BeeproError('PARAMS_DIGEST_MISMATCH', { name: file.name, digest, expected });
  }
  await part.publish();
}

/** Downloads what is lacking, with as many tries as it takes while every few of them bring something. */
async function fill(
  part: PartialFile,
  folder: string,
  file: ParameterFile,
  options: FetchOptions,
): Promise<void> {
  const attempts = options.attempts ?? ATTEMPTS;
  for (let fruitless = 0; ; ) {
    const before = part.done;
    try {
      return await downloadRest(part, folder, file, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      fruitless = part.done > before ? 0 : fruitless + 1;
      if (!isWorthAnotherTry(error) || fruitless >= attempts) throw error;
      const pause = (options.backOffMs ?? BACK_OFF_MS) * 2 ** fruitless;
      await delay(Math.min(pause, MAX_BACK_OFF_MS), undefined, options.signal && { signal: options.signal });
    }
  }
}

async function downloadRest(
  part: PartialFile,
  folder: string,
  file: ParameterFile,
  options: FetchOptions,
): Promise<void> {
  const url = gatewayUrl(options.gateway ?? DEFAULT_GATEWAY, file.published.cid);
  const stallMs = options.stallMs ?? STALL_MS;
  const { start, total, chunks } = await download(url, file.name, part.done, {
    stallMs,
    signal: options.signal,
  });
  if (start !== part.done) {
    if (start !== 0) throw new BeeproError('PARAMS_UNREACHABLE', { url, detail: 'it sent another range' });
    await part.restart();
  }
  await requireSpace(folder, file.name, (total ?? 0) - part.done);
  options.onProgress?.(file.name, part.done, total);
  try {
    for await (const chunk of chunks) {
      await part.append(chunk);
      options.onProgress?.(file.name, part.done, total);
    }
  } catch (error) {
    if (!hasCode(error, 'ENOSPC') && !hasCode(error, 'EDQUOT')) throw error;
    throw noSpace(folder, file.name, (total ?? 0) - part.done, 0, error);
  }
  if (part.done < (total ?? 1))
    throw new BeeproError('PARAMS_UNREACHABLE', { url, detail: 'the connection ended early' });
}

function isWorthAnotherTry(error: unknown): boolean {
  if (isBeeproError(error, 'PARAMS_HTTP_STATUS')) {
    const status = Number(error.data.status);
    return status >= 500 || status === 408 || status === 429;
  }
  return isBeeproError(error, 'PARAMS_UNREACHABLE') || isBeeproError(error, 'PARAMS_STALLED');
}

async function requireSpace(folder: string, name: string, needed: Bytes): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < needed) throw noSpace(folder, name, needed, bavail * bsize);
}

function noSpace(folder: string, name: string, needed: Bytes, available: Bytes, cause?: unknown) {
  return new BeeproError('PARAMS_NO_SPACE', { name, folder, needed, available }, { cause });
}

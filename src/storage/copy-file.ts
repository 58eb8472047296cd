import { createHash } from 'node:crypto';
import { type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BeeproError, type Bytes } from '#core';
import { withStallLimit } from './file-errors.ts';

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  /** Each time some more bytes are done, with how many: every byte is done when it is copied and when it is read back. */
  readonly onBytes?: (bytes: Bytes) => void;
  /** One read or write that takes longer, in ms, is a hung mount. */
  readonly stallMs?: number;
}

export interface CopiedFile {
  readonly size: Bytes;
  readonly sha256: string;
}

const CHUNK = 1024 * 1024;
const STALL_MS = 120_000;

/**
 * Copies a file with its sha256 taken while reading, as `<target>.tmp`; returns when it is on disk (fsync). The
 * name is not final: {@link verifyCopy} reads it back, {@link finishCopy} renames it.
 * @throws BeeproError `STORAGE_…`
 */
export async function copyFile(
  source: string,
  target: string,
  options: CopyOptions = {},
): Promise<CopiedFile> {
  const stall = options.stallMs ?? STALL_MS;
  const temporary = `${target}.tmp`;
  await withStallLimit(
    mkdir(dirname(target), { recursive: true, mode: 0o750 }),
    stall,
    'A new folder',
    target,
  );
  const from = await withStallLimit(open(source, 'r'), stall, 'Opening', source);
  try {
    const before = await withStallLimit(from.stat(), stall, 'Reading', source);
    const to = await withStallLimit(open(temporary, 'w', 0o640), stall, 'Opening', temporary);
    try {
      const hash = createHash('sha256');
      const buffer = Buffer.allocUnsafe(CHUNK);
      let size = 0;
      for (;;) {
        options.signal?.throwIfAborted();
        const { bytesRead } = await withStallLimit(
          from.read(buffer, 0, CHUNK, size),
          stall,
          'Reading',
          source,
        );
        if (bytesRead === 0) break;
        const part = buffer.subarray(0, bytesRead);
        hash.update(part);
        await writeWhole(to, part, size, stall, temporary);
        size += bytesRead;
        options.onBytes?.(bytesRead);
      }
      await withStallLimit(to.sync(), stall * 5, 'Flushing', temporary);
      const after = await withStallLimit(from.stat(), stall, 'Reading', source);
      if (size !== before.size || after.size !== before.size || after.mtimeMs !== before.mtimeMs) {
        throw new BeeproError('STORAGE_SOURCE_CHANGED', { path: source });
      }
      return { size, sha256: hash.digest('hex') };
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

/**
 * Reads `<target>.tmp` back and compares. Node has neither O_DIRECT with aligned buffers nor posix_fadvise, so on
 * a local disk part of this may come from the page cache: it then proves what the kernel holds after a successful
 * fsync. On NFS the file is opened anew after its close, which revalidates the client's cache.
 * @throws BeeproError `STORAGE_COPY_DIFFERS`
 */
export async function verifyCopy(
  target: string,
  expected: CopiedFile,
  options: CopyOptions = {},
): Promise<void> {
  const actual = await hashFile(`${target}.tmp`, options);
  if (actual.size !== expected.size || actual.sha256 !== expected.sha256) {
    throw new BeeproError('STORAGE_COPY_DIFFERS', { path: target });
  }
}

/** Gives a verified copy its final name, durably. */
export async function finishCopy(target: string, stallMs = STALL_MS): Promise<void> {
  await withStallLimit(rename(`${target}.tmp`, target), stallMs, 'Renaming', target);
  const folder = await withStallLimit(open(dirname(target), 'r'), stallMs, 'Opening', dirname(target));
  try {
    await withStallLimit(folder.sync(), stallMs, 'Flushing', dirname(target));
  } finally {
    await folder.close();
  }
}

export async function hashFile(path: string, options: CopyOptions = {}): Promise<CopiedFile> {
  const stall = options.stallMs ?? STALL_MS;
  const file = await withStallLimit(open(path, 'r'), stall, 'Opening', path);
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(CHUNK);
    let size = 0;
    for (;;) {
      options.signal?.throwIfAborted();
      const { bytesRead } = await withStallLimit(file.read(buffer, 0, CHUNK, size), stall, 'Reading', path);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
      options.onBytes?.(bytesRead);
    }
    return { size, sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

async function writeWhole(
  file: FileHandle,
  data: Buffer,
  position: number,
  stall: number,
  path: string,
): Promise<void> {
  let written = 0;
  while (written < data.length) {
    const step = file.write(data, written, data.length - written, position + written);
    written += (await withStallLimit(step, stall, 'Writing', path)).bytesWritten;
  }
}

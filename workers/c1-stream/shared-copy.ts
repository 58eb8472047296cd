import { rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { BeeproError, sectorName } from '#core';
import { copyFile, diskSpace, finishCopy, withStallLimit } from '#storage';
import type { PhaseContext } from '../phases/phase.ts';

/** A shared folder that answers slower than this, in ms, is not waited for: a step of the copy, or its removal. */
const STALL_MS = 20_000;

type Context = Pick<PhaseContext, 'id' | 'run' | 'settings' | 'log' | 'signal'>;

/**
 * Puts a copy of C1's output into the shared folder, under this claim's own name, and returns its path. Undefined
 * when there is no such folder or it fails: the other workers can fetch it from here.
 */
export async function shareC1(
  context: Context,
  c1: { readonly path: string; readonly sha256: string },
): Promise<string | undefined> {
  const root = context.settings.shareDir();
  if (root === '') return undefined;
  const { run } = context;
  const target = join(root, sectorName(context.id), `c1.${run.attempt}.${run.claim}.json`);
  try {
    // The folder itself is never made: where the mount is missing nothing may be written below its mount point.
    await diskSpace(root, STALL_MS);
    const copied = await copyFile(c1.path, target, { signal: context.signal, stallMs: STALL_MS });
    if (copied.sha256 !== c1.sha256) throw new BeeproError('STORAGE_COPY_DIFFERS', { path: target });
    await finishCopy(target, STALL_MS);
    return target;
  } catch (error) {
    context.signal.throwIfAborted();
    context.log.warn({ err: error, folder: root }, 'C1’s output has no shared copy');
    await rm(`${target}.tmp`, { force: true }).catch(() => undefined);
    return undefined;
  }
}

/** Its sector is proven or given up: nobody reads the shared copies any more, those of earlier claims included. */
export async function dropSharedC1(
  context: Pick<PhaseContext, 'id' | 'log'>,
  shared: string | undefined,
): Promise<void> {
  if (shared === undefined) return;
  const folder = dirname(shared);
  if (basename(folder) !== sectorName(context.id)) return;
  try {
    await withStallLimit(rm(folder, { recursive: true, force: true }), STALL_MS, 'Removing', folder);
  } catch (error) {
    context.log.warn({ err: error, folder }, 'the shared copy of C1’s output was not removed');
  }
}

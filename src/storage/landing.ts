import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Bytes, killPoint, type SectorId, sectorName } from '#core';
import { type CopyOptions, copyFile, finishCopy, verifyCopy } from './copy-file.ts';
import { storageError } from './file-errors.ts';
import { isProvingCacheFile, type Workspace } from './workspace.ts';

export type LandedKind = 'sealed' | 'cache' | 'unsealed';

/** A file to land: where it lies in the workspace, and its name under the landing's folder. */
export interface LandingFile {
  readonly kind: LandedKind;
  readonly source: string;
  readonly name: string;
  readonly size: Bytes;
}

/** A file that is copied, read back and verified; what the record will say of it. */
export interface VerifiedFile {
  readonly kind: LandedKind;
  /** Relative to the storage path. */
  readonly path: string;
  readonly size: Bytes;
  readonly sha256: string;
}

/** What a landing is written under, so that two hosts never write the same files: `s-t01000-12.1.3`. */
export function landingFolder(
  id: SectorId,
  fence: { readonly attempt: number; readonly claim: number },
): string {
  return `${sectorName(id)}.${fence.attempt}.${fence.claim}`;
}

/**
 * What of a sealed sector proving storage needs: the replica, the proving files of the cache, and the unsealed copy
 * where it is kept.
 * @throws BeeproError `STORAGE_FILE_MISSING`
 */
export async function listLandingFiles(
  workspace: Workspace,
  id: SectorId,
  keepUnsealed: boolean,
): Promise<LandingFile[]> {
  const cache = workspace.file(id, 'cache');
  const names = await readdir(cache).catch((error: unknown) => {
    throw storageError(error, cache);
  });
  const wanted = [
    { kind: 'sealed' as const, source: workspace.file(id, 'sealed'), name: 'sealed' },
    ...names
      .filter(isProvingCacheFile)
      .sort()
      .map((name) => ({ kind: 'cache' as const, source: join(cache, name), name: `cache/${name}` })),
    ...(keepUnsealed
      ? [{ kind: 'unsealed' as const, source: workspace.file(id, 'unsealed'), name: 'unsealed' }]
      : []),
  ];
  return Promise.all(
    wanted.map(async (file) => {
      const { size } = await stat(file.source).catch((error: unknown) => {
        throw storageError(error, file.source);
      });
      return { ...file, size };
    }),
  );
}

/**
 * Copies the files under the storage path, reads each back and verifies it. Nothing refers to them until the
 * record is committed; on failure they are removed again. A folder of the same fence that a killed agent left
 * is overwritten.
 * @throws BeeproError `STORAGE_…`
 */
export async function landFiles(
  storagePath: string,
  folder: string,
  files: readonly LandingFile[],
  options: CopyOptions = {},
): Promise<VerifiedFile[]> {
  const verified: VerifiedFile[] = [];
  try {
    for (const file of files) {
      const path = join(folder, file.name);
      const target = join(storagePath, path);
      const copied = await copyFile(file.source, target, options);
      killPoint('landing.copied');
      await verifyCopy(target, copied, options);
      await finishCopy(target);
      killPoint('landing.verified');
      verified.push({ kind: file.kind, path, ...copied });
    }
    return verified;
  } catch (error) {
    await removeLanding(storagePath, folder).catch(() => undefined); // the sweep of orphans removes it later
    throw error;
  }
}

/** Removes a landing that no record names. */
export async function removeLanding(storagePath: string, folder: string): Promise<void> {
  if (!ORPHAN.test(folder)) throw new TypeError(`not the folder of a landing: ${folder}`);
  await rm(join(storagePath, folder), { recursive: true, force: true });
}

const ORPHAN = /^(s-t0\d+-\d+)\.\d+\.\d+$/;

/**
 * The landings of a sector on a storage path that no record names: of claims that lost their fence.
 * @param recorded folders that records name, and those of claims that still run
 */
export async function listOrphanLandings(
  storagePath: string,
  id: SectorId,
  recorded: ReadonlySet<string>,
): Promise<string[]> {
  let names: string[];
  try {
    names = await readdir(storagePath);
  } catch (error) {
    throw storageError(error, storagePath);
  }
  const own = sectorName(id);
  return names.filter((name) => ORPHAN.exec(name)?.[1] === own && !recorded.has(name));
}

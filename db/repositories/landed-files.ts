import type { Insertable, Selectable } from 'kysely';
import type { SectorId } from '#core';
import type { Executor, Trx } from '../database.ts';
import type { LandedFileTable } from '../schema/index.ts';
import { serverNow } from './server-time.ts';

export type LandedFileRow = Selectable<LandedFileTable>;
export type NewLandedFile = Pick<
  Insertable<LandedFileTable>,
  'kind' | 'storage_id' | 'path' | 'size' | 'sha256'
>;

/**
 * Records what one landing put into storage, all of it read back and verified, in place of what an earlier one did:
 * a sector has one landing. The caller holds the sector's lock and has checked the fence.
 * @returns the earlier files, which nothing refers to any more
 */
export async function replaceLandedFiles(
  trx: Trx,
  id: SectorId,
  fence: { readonly attempt: number; readonly claim: number },
  files: readonly NewLandedFile[],
): Promise<LandedFileRow[]> {
  const earlier = await listLandedFiles(trx, id);
  await deleteLandedFiles(trx, id);
  if (files.length > 0) {
    const { attempt, claim } = fence;
    const { miner, number } = id;
    const rows = files.map((file) => ({ ...file, miner, number, attempt, claim, verified_at: serverNow }));
    await trx.insertInto('landed_file').values(rows).execute();
  }
  const kept = new Set(files.map((file) => `${file.storage_id}:${file.path}`));
  return earlier.filter((file) => !kept.has(`${file.storage_id}:${file.path}`));
}

export async function listLandedFiles(
  executor: Executor,
  id: SectorId,
  kind?: LandedFileRow['kind'],
): Promise<LandedFileRow[]> {
  let query = executor
    .selectFrom('landed_file')
    .selectAll()
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .orderBy('id');
  if (kind !== undefined) query = query.where('kind', '=', kind);
  return query.execute();
}

/** Forgets a sector's landed files, or those of one kind; done before the files themselves go. */
export async function deleteLandedFiles(trx: Trx, id: SectorId, kind?: LandedFileRow['kind']): Promise<void> {
  let query = trx.deleteFrom('landed_file').where('miner', '=', id.miner).where('number', '=', id.number);
  if (kind !== undefined) query = query.where('kind', '=', kind);
  await query.execute();
}

import { z } from 'zod';
import { BeeproError, type Bytes } from '#core';
import { listLandedFiles, listRunsOfSector, listStoresForMiner, type StoragePathRow } from '#db';
import {
  chooseStoragePath,
  diskSpace,
  landFiles,
  landingFolder,
  listLandingFiles,
  listOrphanLandings,
  type PathCandidate,
  removeLanding,
} from '#storage';
import type { PhaseContext, PhaseHandler } from './phase.ts';

const landed = z.looseObject({ storageId: z.number().int(), folder: z.string() });

/**
 * Brings the sealed sector to storage: copied with its digest, read back, verified, under a folder of this claim
 * alone. It counts when the record is committed with the acceptance; the source is cleared much later.
 */
export const landing: PhaseHandler = {
  phase: 'landing',
  sealer: null,

  async run(context) {
    const keepUnsealed =
      (await context.sector()).kind === 'data' && context.settings.keepUnsealed(context.id.miner);
    const files = await listLandingFiles(context.workspace, context.id, keepUnsealed);
    const bytes = files.reduce((sum, file) => sum + file.size, 0);
    const store = await chooseStore(context, bytes);
    const folder = landingFolder(context.id, context.run);
    let done = 0;
    const verified = await landFiles(store.path, folder, files, {
      signal: context.signal,
      onBytes: (count) => {
        done += count;
        // Every byte is copied and read back.
        context.progress({
          step: 'copying',
          storage: store.name,
          fraction: done / (2 * bytes),
          done,
          total: 2 * bytes,
        });
      },
    });
    return {
      storageId: store.id,
      folder,
      bytes,
      files: verified.map((file) => ({ ...file, storageId: store.id })),
    };
  },

  async discard(context, result) {
    const { storageId, folder } = landed.parse(result);
    const store = (await stores(context)).find((row) => row.id === storageId);
    if (store) await removeLanding(store.path, folder);
  },

  /** Copies of earlier claims, on whichever path they lie, are referred to by nobody now. */
  async afterAccepted(context) {
    const records = await listLandedFiles(context.database.kysely, context.id);
    const running = await listRunsOfSector(context.database.kysely, context.id, ['running']);
    const kept = new Set([
      ...records.map((record) => record.path.split('/')[0] ?? ''),
      ...running.filter((run) => run.phase === 'landing').map((run) => landingFolder(context.id, run)),
    ]);
    for (const store of await stores(context)) {
      for (const folder of await listOrphanLandings(store.path, context.id, kept)) {
        await removeLanding(store.path, folder);
      }
    }
  },
};

function stores(context: PhaseContext): Promise<StoragePathRow[]> {
  return listStoresForMiner(context.database.kysely, context.id.miner);
}

async function chooseStore(context: PhaseContext, bytes: Bytes): Promise<StoragePathRow> {
  const rows = await stores(context);
  const candidates = await Promise.all(rows.map((row) => candidateOf(row, context)));
  const { chosen, refused } = chooseStoragePath(candidates, {
    miner: context.id.miner,
    bytes,
    minFree: context.settings.minFree(),
  });
  const row = rows.find((one) => one.id === chosen?.id);
  if (row) return row;
  const reasons = refused.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  throw new BeeproError('STORAGE_NO_PATH', {
    bytes,
    miner: context.id.miner,
    detail: reasons || 'there is no storage path',
  });
}

async function candidateOf(row: StoragePathRow, context: PhaseContext): Promise<PathCandidate> {
  const space = await diskSpace(row.path).catch((error: unknown) => {
    context.log.warn({ err: error, storage: row.name }, 'storage path does not answer');
    return undefined;
  });
  return {
    id: row.id,
    name: row.name,
    miner: row.miner,
    canStore: row.can_store,
    state: row.state,
    weight: row.weight,
    free: space?.free,
  };
}

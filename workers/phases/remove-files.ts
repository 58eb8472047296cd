import { deleteLandedFiles, listStoragePaths, lockSector, transaction } from '#db';
import { listOrphanLandings, removeLanding } from '#storage';
import type { PhaseHandler } from './phase.ts';

/** Deletes what a removed sector has on this worker and on storage: the records first, so that no reader finds a hole. */
export const removeFiles: PhaseHandler = {
  phase: 'remove-files',
  sealer: null,

  async run(context) {
    await context.requireClaim();
    await context.workspace.remove(context.id);
    await transaction(context.database, async (trx) => {
      await lockSector(trx, context.id);
      await deleteLandedFiles(trx, context.id);
    });
    let removed = 0;
    for (const store of await listStoragePaths(context.database.kysely)) {
      if (!store.can_store || store.state === 'removed') continue;
      for (const folder of await listOrphanLandings(store.path, context.id, new Set())) {
        context.signal.throwIfAborted();
        await removeLanding(store.path, folder);
        removed += 1;
      }
    }
    return { landings: removed };
  },
};

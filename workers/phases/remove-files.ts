import { deleteLandedFiles, listStoragePaths, lockSector, transaction } from '#db';
import { listOrphanLandings, removeLanding } from '#storage';
import { dropSharedC1 } from '../c1-stream/shared-copy.ts';
import type { PhaseHandler } from './phase.ts';

/** Deletes what a removed sector has on this worker and on storage: the records first, so that no reader finds a hole. */
export const removeFiles: PhaseHandler = {
  phase: 'remove-files',
  sealer: null,

  async run(context) {
    await context.requireClaim();
    const { commit1_output: c1 } = await context.sector();
    await dropSharedC1(context, c1?.shared);
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

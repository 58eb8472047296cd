import { insertStoragePath } from '#db';
import type { SealingRig, WorkerAnswer } from './sealing-rig.ts';

/** An answer for landings, into a storage path that it records first. */
export async function landingAnswer(rig: SealingRig): Promise<WorkerAnswer> {
  const storageId = await insertStoragePath(rig.modules.db.kysely, {
    name: 'store',
    path: '/store',
    can_seal: false,
    can_store: true,
    miner: null,
  });
  return (run) => ({
    files: [
      {
        kind: 'sealed',
        storageId,
        path: `s-t0${run.miner}-${run.number}.${run.attempt}.${run.claim}/sealed`,
        size: 2048,
        sha256: 'aa'.repeat(32),
      },
    ],
  });
}

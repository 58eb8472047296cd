import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BeeproError } from '#core';
import { listLandedFiles, listStoragePaths } from '#db';
import { hashFile, storageError } from '#storage';
import { dropSharedC1 } from '../c1-stream/shared-copy.ts';
import { Deferral } from '../deferral.ts';
import { need } from './need.ts';
import type { PhaseContext, PhaseHandler } from './phase.ts';
import { checkPreCommit } from './seed.ts';

/**
 * Frees the workspace. Too early is fatal: C1 cannot be repeated once the layers are gone. So everything is asked
 * again first: the proof has verified, the landing is recorded and its files are there, and the pre-commit is so deep in
 * the chain that no reorg moves its seed.
 */
export const clearCache: PhaseHandler = {
  phase: 'clear-cache',
  sealer: null,

  async run(context) {
    const sector = await context.sector();
    need(sector.proof, 'verified proof', 'clear-cache');
    need(sector.landed_at, 'recorded landing', 'clear-cache');
    const epoch = need(sector.precommit_epoch, 'pre-commit epoch', 'clear-cache');
    const commR = need(sector.comm_r, 'CommR', 'clear-cache');
    checkPreCommit(await context.chain.preCommit(context.id), { epoch, commR });
    await waitForDepth(context, epoch);
    await checkLanding(context);
    await context.requireClaim();
    await context.workspace.remove(context.id);
    await dropSharedC1(context, sector.commit1_output?.shared);
    return {};
  },
};

async function waitForDepth(context: PhaseContext, epoch: number): Promise<void> {
  const [head, blockMs] = await Promise.all([context.chain.head(), context.chain.blockMs()]);
  const missing = epoch + context.settings.confidence() - head.epoch;
  if (missing <= 0) return;
  const delayMs = Math.min(Math.max(missing * blockMs, 250), 60_000);
  const detail = `the pre-commit at epoch ${epoch} needs ${missing} more epochs`;
  throw new Deferral(delayMs, 'WORKER_PRECONDITION', { phase: 'clear-cache', detail });
}

/** The landed files are there with their sizes; the proving files, which are small, with their digests too. */
async function checkLanding(context: PhaseContext): Promise<void> {
  const records = await listLandedFiles(context.database.kysely, context.id);
  if (!records.some((record) => record.kind === 'sealed')) {
    throw new BeeproError('WORKER_PRECONDITION', {
      phase: 'clear-cache',
      detail: 'no landed replica is recorded',
    });
  }
  const roots = new Map((await listStoragePaths(context.database.kysely)).map((row) => [row.id, row.path]));
  for (const record of records) {
    const root = roots.get(record.storage_id);
    if (root === undefined) throw new BeeproError('STORAGE_UNKNOWN_PATH', { id: record.storage_id });
    const path = join(root, record.path);
    const { size } = await stat(path).catch((error: unknown) => {
      throw storageError(error, path);
    });
    const intact =
      size === record.size &&
      (record.kind !== 'cache' ||
        (await hashFile(path, { signal: context.signal })).sha256 === record.sha256);
    if (!intact) throw new BeeproError('STORAGE_COPY_DIFFERS', { path });
  }
}

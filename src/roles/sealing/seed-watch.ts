import { seedEpoch } from '#chain';
import { minerEntropy, RANDOMNESS, toHex } from '#codec';
import type { Epoch } from '#core';
import { moveSector } from '#sector';
import type { ChainView } from './chain-view.ts';
import type { SealingModules } from './modules.ts';
import { sectorsIn } from './pages.ts';
import { followStanding, readStanding } from './standing.ts';

/** Whether the seed of a pre-commit may be read: drawn, and `confidence` epochs deep. */
export function isSeedDue(
  precommitEpoch: Epoch,
  challengeDelay: Epoch,
  confidence: Epoch,
  head: Epoch,
): boolean {
  return head >= seedEpoch(precommitEpoch, challengeDelay) + confidence;
}

/**
 * WaitSeed → Commit1. The pre-commit's epoch is read again first, since a reorg moves it and the seed with it; both
 * come from the same head.
 */
export async function watchSeeds(
  modules: SealingModules,
  view: ChainView,
  signal: AbortSignal,
): Promise<void> {
  const confidence = modules.settings.get('chain.confidence.seed');
  for await (const sector of sectorsIn(modules.db.kysely, ['WaitSeed'])) {
    if (signal.aborted) return;
    const { precommit_epoch: precommitEpoch } = sector;
    if (precommitEpoch === null) continue;
    if (!isSeedDue(precommitEpoch, view.challengeDelay, confidence, view.head)) continue;
    const standing = await readStanding(modules, view, sector);
    if (!(await followStanding(modules, sector, standing))) continue;
    const epoch = seedEpoch(precommitEpoch, view.challengeDelay);
    const seed = await modules.chain.stateGetRandomnessFromBeacon(
      RANDOMNESS.interactiveSeal,
      epoch,
      minerEntropy(sector.miner),
      [...view.key],
    );
    await moveSector(modules, sector, {
      type: 'seed-ready',
      seed: toHex(seed),
      seedEpoch: epoch,
      precommitEpoch,
    });
  }
}

/** After a reorg down to `height`: every sector whose pre-commit may have moved is looked at again. */
export async function recheckAfterReorg(
  modules: SealingModules,
  view: ChainView,
  height: Epoch,
  signal: AbortSignal,
): Promise<void> {
  const resting = ['WaitSeed', 'Commit1', 'Commit2', 'ClearCache', 'CommitBatching'] as const;
  for await (const sector of sectorsIn(modules.db.kysely, resting)) {
    if (signal.aborted) return;
    if (sector.precommit_epoch === null || sector.precommit_epoch < height - 1) continue;
    await followStanding(modules, sector, await readStanding(modules, view, sector));
  }
}

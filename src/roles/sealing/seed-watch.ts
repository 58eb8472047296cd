import { seedEpoch } from '#chain';
import { minerEntropy, RANDOMNESS, toHex } from '#codec';
import type { Epoch } from '#core';
import type { SectorRow } from '#db';
import { moveSector } from '#sector';
import type { ChainView } from './chain-view.ts';
import { inParallel, PARALLEL } from './in-parallel.ts';
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

/** WaitSeed → Commit1, for every sector whose seed may be read. */
export async function watchSeeds(
  modules: SealingModules,
  view: ChainView,
  signal: AbortSignal,
): Promise<void> {
  const confidence = modules.settings.get('chain.confidence.seed');
  const waiting = sectorsIn(modules.db.kysely, ['WaitSeed']);
  await inParallel(waiting, PARALLEL, signal, async (sector) => {
    const { precommit_epoch: epoch } = sector;
    if (epoch === null || !isSeedDue(epoch, view.challengeDelay, confidence, view.head)) return;
    await readSeed(modules, view, sector, epoch);
  });
}

/**
 * The seed, if the pre-commit is still where it was: a reorg moves it, and the seed with it. Both are asked of one
 * head, and at once: a machine waits for the answer.
 */
async function readSeed(
  modules: SealingModules,
  view: ChainView,
  sector: SectorRow,
  precommitEpoch: Epoch,
): Promise<void> {
  const epoch = seedEpoch(precommitEpoch, view.challengeDelay);
  const entropy = minerEntropy(sector.miner);
  const [standing, seed] = await Promise.all([
    readStanding(modules, view, sector),
    modules.chain.stateGetRandomnessFromBeacon(RANDOMNESS.interactiveSeal, epoch, entropy, [...view.key]),
  ]);
  if (!(await followStanding(modules, sector, standing))) return;
  await moveSector(modules, sector, {
    type: 'seed-ready',
    seed: toHex(seed),
    seedEpoch: epoch,
    precommitEpoch,
  });
}

/** After a reorg down to `height`: every sector whose pre-commit may have moved is looked at again. */
export async function recheckAfterReorg(
  modules: SealingModules,
  view: ChainView,
  height: Epoch,
  signal: AbortSignal,
): Promise<void> {
  const resting = ['WaitSeed', 'Commit1', 'Commit2', 'ClearCache', 'CommitBatching'] as const;
  await inParallel(sectorsIn(modules.db.kysely, resting), PARALLEL, signal, async (sector) => {
    if (sector.precommit_epoch === null || sector.precommit_epoch < height - 1) return;
    const standing = await readStanding(modules, view, sector);
    // Its batch finds it proven, and records it so.
    if (sector.state === 'CommitBatching' && standing.standing === 'proven') return;
    await followStanding(modules, sector, standing);
  });
}

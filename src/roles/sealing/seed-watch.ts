import { type PreCommitStanding, seedEpoch } from '#chain';
import type { Epoch } from '#core';
import type { RestingSector } from '#db';
import { moveSector } from '#sector';
import type { ChainView } from './chain-view.ts';
import { byPreCommit } from './groups.ts';
import { inParallel, PARALLEL } from './in-parallel.ts';
import type { SealingModules } from './modules.ts';
import { restingSectors } from './pages.ts';
import type { ChainRandomness } from './randomness.ts';
import { followStanding, readStandings } from './standing.ts';

/** The newest pre-commit epoch whose seed may be read: drawn, and `confidence` epochs deep. */
export function seedsDueUntil(head: Epoch, challengeDelay: Epoch, confidence: Epoch): Epoch {
  return head - confidence - seedEpoch(0, challengeDelay);
}

interface Ready {
  readonly sector: RestingSector;
  readonly precommitEpoch: Epoch;
  readonly standing: PreCommitStanding | undefined;
  readonly seed: string;
}

/**
 * WaitSeed → Commit1, for every sector whose seed may be read. One question for all that one message pre-committed,
 * and one seed for all of (miner, PreCommitEpoch). Both are asked of one head, and at once: machines wait for them.
 */
export async function watchSeeds(
  modules: SealingModules,
  view: ChainView,
  randomness: ChainRandomness,
  signal: AbortSignal,
): Promise<void> {
  const confidence = modules.settings.get('chain.confidence.seed');
  const precommitUntil = seedsDueUntil(view.head, view.challengeDelay, confidence);
  const due = await restingSectors(modules.db.kysely, { states: ['WaitSeed'], precommitUntil });
  await inParallel(byPreCommit(due), PARALLEL, signal, async (members) => {
    const [first] = members;
    const precommitEpoch = first?.precommit_epoch ?? null;
    if (!first || precommitEpoch === null) return;
    const epoch = seedEpoch(precommitEpoch, view.challengeDelay);
    const [standings, seed] = await Promise.all([
      readStandings(modules, view, members),
      randomness.read(modules, view, 'seed', first.miner, epoch),
    ]);
    for (const sector of members) {
      const standing = standings.get(sector.number);
      await seedReady(modules, view, { sector, precommitEpoch, standing, seed });
    }
  });
}

/** The seed counts if the pre-commit is still where it was: a reorg moves it, and the seed with it. */
async function seedReady(modules: SealingModules, view: ChainView, ready: Ready): Promise<void> {
  const { sector, precommitEpoch, standing, seed } = ready;
  if (!standing || !(await followStanding(modules, sector, standing))) return;
  await moveSector(modules, sector, {
    type: 'seed-ready',
    seed,
    seedEpoch: seedEpoch(precommitEpoch, view.challengeDelay),
    precommitEpoch,
  });
}

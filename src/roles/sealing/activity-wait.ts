import { minerStanding } from '#chain';
import type { ActorId, BeeproError } from '#core';
import { saveActivityWait } from '#db';
import type { ChainView } from './chain-view.ts';
import type { SealingModules } from './modules.ts';

/**
 * Whether the chain would refuse every message of this activity for the miner, whatever is in it: a pre-commit while
 * the miner owes fees or a consensus fault counts. Then none is made, the reason stands in the miner's activity, and
 * the batches go on by themselves when it is over.
 *
 * @throws BeeproError `CHAIN_…`
 */
export async function holdBack(
  modules: SealingModules,
  activity: string,
  view: ChainView,
  miner: ActorId,
): Promise<boolean> {
  if (activity !== 'precommit') return false;
  const { blocked } = await minerStanding(modules, view, miner);
  if (!blocked) return false;
  await noteWait(modules, miner, activity, blocked);
  modules.log.debug({ event: 'batch.held-back', miner, activity, code: blocked.code }, blocked.message);
  return true;
}

/** Why an activity of a miner stands still, where people see it; undefined: it does not. */
export async function noteWait(
  modules: SealingModules,
  miner: ActorId,
  activity: string,
  reason: BeeproError | undefined,
): Promise<void> {
  await saveActivityWait(modules.db.kysely, miner, activity, reason);
}

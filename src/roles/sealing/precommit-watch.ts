import { idAddress, sealedCommitment, toHex } from '#codec';
import type { SectorOnMessage } from '#db';
import { moveSector, type SectorEvent } from '#sector';
import type { ChainView } from './chain-view.ts';
import { inParallel, PARALLEL } from './in-parallel.ts';
import type { SealingModules } from './modules.ts';
import { sectorsOnMessage } from './pages.ts';
import { readStanding, revive } from './standing.ts';

/**
 * What a message's row alone says of a member that waits for it. Undefined: it is still on the way; `look`: the
 * chain has executed it, so the chain knows.
 */
export function precommitVerdict(sector: SectorOnMessage): SectorEvent | 'look' | undefined {
  const code = sector.error_code ?? 'SECTOR_MESSAGE_FAILED';
  const message = sector.error_message ?? `the pre-commit message ${sector.message_id} was given up`;
  switch (sector.message_state) {
    case 'landed':
      return sector.exit_code === 0 ? 'look' : undefined;
    case 'final':
      return sector.exit_code === 0 ? 'look' : { type: 'precommit-rejected', code, message };
    case 'failed':
    case 'cancelled':
    case 'replaced':
      return sector.nonce === null
        ? { type: 'precommit-withheld', code, message }
        : { type: 'precommit-rejected', code, message };
    default:
      return undefined;
  }
}

/** PreCommitWait → WaitSeed as soon as the chain shows the pre-commit; → batching when its message is dead. */
export async function watchPreCommits(
  modules: SealingModules,
  view: ChainView,
  signal: AbortSignal,
): Promise<void> {
  const ended = sectorsOnMessage(modules.db.kysely, {
    activity: 'precommit',
    state: 'PreCommitWait',
    messageStates: ['landed', 'final', 'failed', 'cancelled', 'replaced'],
  });
  await inParallel(ended, PARALLEL, signal, async (sector) => {
    const verdict = precommitVerdict(sector);
    if (verdict === undefined) return;
    const event = verdict === 'look' ? await landedEvent(modules, view, sector) : verdict;
    if (event) await moveSector(modules, sector, event);
  });
}

async function landedEvent(
  modules: SealingModules,
  view: ChainView,
  sector: SectorOnMessage,
): Promise<SectorEvent | undefined> {
  const found = await modules.chain.stateSectorPreCommitInfo(idAddress(sector.miner, 't'), sector.number, [
    ...view.key,
  ]);
  if (!found) return lostEvent(modules, view, sector);
  return {
    type: 'precommit-landed',
    precommitEpoch: found.preCommitEpoch,
    commR: toHex(sealedCommitment(found.info.sealedCid)),
  };
}

/**
 * Executed, yet not there: from this head not yet, or dropped by a reorg (the message's watch finds out), unless the
 * message is final: then it is pushed again, or its time is over.
 */
async function lostEvent(
  modules: SealingModules,
  view: ChainView,
  sector: SectorOnMessage,
): Promise<SectorEvent | undefined> {
  if (sector.message_state !== 'final') return undefined;
  const epoch = sector.precommit_epoch ?? sector.inclusion_epoch;
  const standing = await readStanding(modules, view, { ...sector, precommit_epoch: epoch });
  switch (standing.standing) {
    case 'gone':
      await revive(modules, sector.message_id);
      return undefined;
    case 'expired':
      return { type: 'precommit-expired' };
    case 'proven': {
      // It did land, in a past that this database has forgotten: what rests on it is looked at from WaitSeed.
      const commR = toHex(sealedCommitment(standing.sector.sealedCid));
      return { type: 'precommit-landed', precommitEpoch: epoch ?? standing.sector.activation, commR };
    }
    default:
      return undefined;
  }
}

import type { SectorInfo } from '#chain';
import { exitCodeText, idAddress } from '#codec';
import { isBeeproError, type SectorId } from '#core';
import { markPiecesSealed, type SectorOnMessage } from '#db';
import { applyEvent, commitAndPublish, moveSector, retryScale, type SectorEvent } from '#sector';
import type { ChainView } from './chain-view.ts';
import { inParallel, PARALLEL } from './in-parallel.ts';
import type { SealingModules } from './modules.ts';
import { sectorsOnMessage } from './pages.ts';

/** As `precommitVerdict`, for a prove-commit, whose receipt tells of each member. */
export function commitVerdict(sector: SectorOnMessage): SectorEvent | 'look' | undefined {
  const code = sector.error_code ?? 'SECTOR_MESSAGE_FAILED';
  const message = sector.error_message ?? `the prove-commit message ${sector.message_id} was given up`;
  if (sector.message_state === 'final') {
    if (sector.exit_code !== 0) return { type: 'commit-rejected', code, message };
    // Without a code of its own (a return value of unknown shape) the chain is asked.
    if (sector.member_exit_code === null || sector.member_exit_code === 0) return 'look';
    return {
      type: 'commit-rejected',
      code: 'SECTOR_MESSAGE_FAILED',
      message: `the actor refused this sector with ${exitCodeText(sector.member_exit_code)}`,
    };
  }
  if (['failed', 'cancelled', 'replaced'].includes(sector.message_state)) {
    return { type: sector.nonce === null ? 'commit-withheld' : 'commit-rejected', code, message };
  }
  return undefined;
}

/** CommitWait → Proving when the message is final and the chain has the sector; → batching when it has not. */
export async function watchCommits(
  modules: SealingModules,
  view: ChainView,
  signal: AbortSignal,
): Promise<void> {
  const ended = sectorsOnMessage(modules.db.kysely, {
    activity: 'commit',
    state: 'CommitWait',
    messageStates: ['final', 'failed', 'cancelled', 'replaced'],
  });
  await inParallel(ended, PARALLEL, signal, async (sector) => {
    const verdict = commitVerdict(sector);
    if (verdict === undefined) return;
    if (verdict !== 'look') {
      await moveSector(modules, sector, verdict);
      return;
    }
    const miner = idAddress(sector.miner, 't');
    const info = await modules.chain.stateSectorGetInfo(miner, sector.number, [...view.key]);
    if (info) await settle(modules, view, sector, info);
    else await moveSector(modules, sector, NOT_THERE);
  });
}

const NOT_THERE: SectorEvent = {
  type: 'commit-rejected',
  code: 'SECTOR_MESSAGE_FAILED',
  message: 'the prove-commit is final, yet the chain does not have the sector',
};

/** The sector is on chain: its place and dates are recorded, and its pieces count as sealed. */
export async function settle(
  modules: SealingModules,
  view: ChainView,
  id: SectorId,
  info: SectorInfo,
): Promise<void> {
  const place = await placeOf(modules, view, id);
  const event: SectorEvent = {
    type: 'commit-landed',
    activationEpoch: info.activation,
    expiration: info.expiration,
    deadline: place?.deadline ?? null,
    partition: place?.partition ?? null,
  };
  await commitAndPublish(modules, async (trx) => {
    const applied = await applyEvent(trx, id, event, retryScale(modules.settings, id.miner));
    if ('transition' in applied) await markPiecesSealed(trx, id);
    return applied;
  });
}

async function placeOf(modules: SealingModules, view: ChainView, id: SectorId) {
  try {
    return await modules.chain.stateSectorPartition(idAddress(id.miner, 't'), id.number, [...view.key]);
  } catch (error) {
    // Assigned to its deadline in the tipset after its activation.
    if (isBeeproError(error, 'CHAIN_SECTOR_NOT_DUE') || isBeeproError(error, 'CHAIN_RPC_FAILED'))
      return undefined;
    throw error;
  }
}

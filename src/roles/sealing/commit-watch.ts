import type { SectorInfo, SectorLocation } from '#chain';
import { exitCodeText } from '#codec';
import type { Epoch, SectorId } from '#core';
import { markPiecesSealed, type SectorOnMessage } from '#db';
import { applyEvent, commitAndPublish, moveSector, retryScale, type SectorEvent } from '#sector';
import type { ChainView } from './chain-view.ts';
import { byMessage } from './groups.ts';
import { inParallel, PARALLEL } from './in-parallel.ts';
import type { SealingModules } from './modules.ts';
import { collect, sectorsOnMessage } from './pages.ts';
import { readPlaces } from './places.ts';
import { readProven } from './standing.ts';

/**
 * As `precommitVerdict`, for a prove-commit, whose receipt tells of each member. A success counts when it is
 * `confidence` epochs deep, a failure when the message is final.
 */
export function commitVerdict(
  sector: SectorOnMessage,
  head: Epoch,
  confidence: Epoch,
): SectorEvent | 'look' | undefined {
  const code = sector.error_code ?? 'SECTOR_MESSAGE_FAILED';
  const message = sector.error_message ?? `the prove-commit message ${sector.message_id} was given up`;
  const isFinal = sector.message_state === 'final';
  if (isFinal || sector.message_state === 'landed') {
    // Without a code of its own (a return value of unknown shape) the chain is asked.
    const isSuccess = sector.exit_code === 0 && (sector.member_exit_code ?? 0) === 0;
    if (isSuccess) {
      const isKnown = isFinal || sector.member_exit_code !== null;
      return isKnown && isDeep(sector, head, confidence) ? 'look' : undefined;
    }
    if (!isFinal) return undefined;
    if (sector.exit_code !== 0) return { type: 'commit-rejected', code, message };
    return {
      type: 'commit-rejected',
      code: 'SECTOR_MESSAGE_FAILED',
      message: `the actor refused this sector with ${exitCodeText(sector.member_exit_code ?? 0)}`,
    };
  }
  if (['failed', 'cancelled', 'replaced'].includes(sector.message_state)) {
    return { type: sector.nonce === null ? 'commit-withheld' : 'commit-rejected', code, message };
  }
  return undefined;
}

function isDeep({ execution_epoch: at }: SectorOnMessage, head: Epoch, confidence: Epoch): boolean {
  return at === null || head - at >= confidence;
}

/**
 * CommitWait → Proving when the message is deep and the chain has the sector; → batching when it has not. The chain
 * is asked for all members of a message at once.
 */
export async function watchCommits(
  modules: SealingModules,
  view: ChainView,
  signal: AbortSignal,
): Promise<void> {
  const confidence = modules.settings.get('chain.confidence.commit');
  const ended = await collect(
    sectorsOnMessage(modules.db.kysely, {
      activity: 'commit',
      state: 'CommitWait',
      messageStates: ['landed', 'final', 'failed', 'cancelled', 'replaced'],
    }),
  );
  await inParallel(byMessage(ended), PARALLEL, signal, async (members) => {
    const looked: SectorOnMessage[] = [];
    for (const member of members) {
      const verdict = commitVerdict(member, view.head, confidence);
      if (verdict === 'look') looked.push(member);
      else if (verdict) await moveSector(modules, member, verdict);
    }
    if (looked.length > 0) await settleAll(modules, view, looked, confidence);
  });
}

async function settleAll(
  modules: SealingModules,
  view: ChainView,
  members: readonly SectorOnMessage[],
  confidence: Epoch,
): Promise<void> {
  const infos = await readProven(modules, view, members);
  const places = await readPlaces(
    modules,
    view,
    members.filter(({ number }) => infos.has(number)),
  );
  for (const member of members) {
    const info = infos.get(member.number);
    // Included again, later than the row knows: it is not that deep yet.
    if (info && view.head - info.activation < confidence) continue;
    if (info) await settleAt(modules, member, info, places.get(member.number));
    // Deep, but not final: a reorg may be under way, and the message's watch finds out.
    else if (member.message_state === 'final') await moveSector(modules, member, NOT_THERE);
  }
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
  const places = await readPlaces(modules, view, [id]);
  await settleAt(modules, id, info, places.get(id.number));
}

/** As {@link settle}, where the place is known. */
export async function settleAt(
  modules: SealingModules,
  id: SectorId,
  info: SectorInfo,
  place: SectorLocation | undefined,
): Promise<void> {
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

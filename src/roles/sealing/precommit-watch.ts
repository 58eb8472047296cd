import { decodeParamsOf, fromBase64, idAddress, MINER_METHODS, sealedCommitment, toHex } from '#codec';
import type { SectorNumber } from '#core';
import { findMessage, type SectorOnMessage } from '#db';
import { moveSector, type SectorEvent } from '#sector';
import type { ChainView } from './chain-view.ts';
import { byMessage } from './groups.ts';
import { inParallel, PARALLEL } from './in-parallel.ts';
import type { SealingModules } from './modules.ts';
import { collect, sectorsOnMessage } from './pages.ts';
import { readStanding, readStandings, revive } from './standing.ts';

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

/**
 * PreCommitWait → WaitSeed as soon as the chain shows the pre-commit; → batching when its message is dead. One call
 * for each message.
 */
export async function watchPreCommits(
  modules: SealingModules,
  view: ChainView,
  signal: AbortSignal,
): Promise<void> {
  const ended = await collect(
    sectorsOnMessage(modules.db.kysely, {
      activity: 'precommit',
      state: 'PreCommitWait',
      messageStates: ['landed', 'final', 'failed', 'cancelled', 'replaced'],
    }),
  );
  await inParallel(byMessage(ended), PARALLEL, signal, async (members) => {
    const looked: SectorOnMessage[] = [];
    for (const member of members) {
      const verdict = precommitVerdict(member);
      if (verdict === 'look') looked.push(member);
      else if (verdict) await moveSector(modules, member, verdict);
    }
    for (const [member, event] of await landedEvents(modules, view, looked)) {
      await moveSector(modules, member, event);
    }
  });
}

type Found = readonly (readonly [SectorOnMessage, SectorEvent])[];

/** What the chain says of the members of one executed message: of all when it has the first as the message says. */
async function landedEvents(
  modules: SealingModules,
  view: ChainView,
  members: readonly SectorOnMessage[],
): Promise<Found> {
  const [first] = members;
  if (!first) return [];
  // The node that answers this pass has not come so far yet.
  if (first.execution_epoch !== null && view.head < first.execution_epoch) return [];
  const found = await readLanded(modules, view, first);
  if (!found) return lostEvents(modules, view, members);
  const named = members.length > 1 ? await sealedByMessage(modules, first.message_id) : undefined;
  const isOfMessage = named !== undefined && named.get(first.number) === found.commR;
  const events: (readonly [SectorOnMessage, SectorEvent])[] = [];
  for (const member of members) {
    const commR = named?.get(member.number);
    if (member === first) events.push([member, found]);
    else if (isOfMessage && commR !== undefined) events.push([member, { ...found, commR }]);
    else {
      const own = await readLanded(modules, view, member);
      if (own) events.push([member, own]);
      else events.push(...(await lostEvents(modules, view, [member])));
    }
  }
  return events;
}

type Landed = Extract<SectorEvent, { type: 'precommit-landed' }>;

async function readLanded(
  modules: SealingModules,
  view: ChainView,
  sector: SectorOnMessage,
): Promise<Landed | undefined> {
  const miner = idAddress(sector.miner, 't');
  const found = await modules.chain.stateSectorPreCommitInfo(miner, sector.number, [...view.key]);
  if (!found) return undefined;
  const commR = toHex(sealedCommitment(found.info.sealedCid));
  return { type: 'precommit-landed', precommitEpoch: found.preCommitEpoch, commR };
}

/** CommR of each member as the message names it. The message is all or nothing: so does the chain when it has one. */
async function sealedByMessage(
  modules: SealingModules,
  id: number,
): Promise<ReadonlyMap<SectorNumber, string>> {
  const row = await findMessage(modules.db.kysely, id);
  const encoded = fromBase64(row?.params ?? '') ?? new Uint8Array();
  const { sectors } = decodeParamsOf(MINER_METHODS.PreCommitSectorBatch2, encoded, 't');
  return new Map(
    sectors.map(({ sectorNumber, sealedCid }) => [sectorNumber, toHex(sealedCommitment(sealedCid))]),
  );
}

/**
 * Executed, yet not there: from this head not yet, or dropped by a reorg (the message's watch finds out), unless the
 * message is final: then it is pushed again, or its time is over.
 */
async function lostEvents(
  modules: SealingModules,
  view: ChainView,
  members: readonly SectorOnMessage[],
): Promise<Found> {
  const [first] = members;
  if (first?.message_state !== 'final') return [];
  const placed = members.map((member) => ({
    ...member,
    precommit_epoch: member.precommit_epoch ?? member.inclusion_epoch,
  }));
  const standings =
    placed.length === 1
      ? new Map([[first.number, await readStanding(modules, view, { ...first, ...placed[0] })]])
      : await readStandings(modules, view, placed);
  const events: (readonly [SectorOnMessage, SectorEvent])[] = [];
  for (const member of placed) {
    const standing = standings.get(member.number);
    if (standing?.standing === 'gone') await revive(modules, member.message_id);
    else if (standing?.standing === 'expired') events.push([member, { type: 'precommit-expired' }]);
    else if (standing?.standing === 'proven') {
      // It did land, in a past that this database has forgotten: what rests on it is looked at from WaitSeed.
      const commR = toHex(sealedCommitment(standing.sector.sealedCid));
      const precommitEpoch = member.precommit_epoch ?? standing.sector.activation;
      events.push([member, { type: 'precommit-landed', precommitEpoch, commR }]);
    }
  }
  return events;
}

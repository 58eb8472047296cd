import { type PreCommitStanding, preCommitStanding, type SectorInfo } from '#chain';
import { BitField, idAddress } from '#codec';
import { BeeproError, type SectorId, type SectorNumber } from '#core';
import { patchMessage, type SectorRow } from '#db';
import { moveSector, type SectorEvent } from '#sector';
import type { ChainView } from './chain-view.ts';
import type { SealingModules } from './modules.ts';

type Standing = Pick<SectorRow, 'precommit_epoch' | 'comm_r'>;
type Member = SectorId & Standing;

/** How the chain has the pre-commit that a sector rests on. One call, two when it is not there. */
export async function readStanding(
  modules: SealingModules,
  view: ChainView,
  sector: Member,
): Promise<PreCommitStanding> {
  const miner = idAddress(sector.miner, 't');
  const preCommit = await modules.chain.stateSectorPreCommitInfo(miner, sector.number, [...view.key]);
  const proven = preCommit
    ? null
    : await modules.chain.stateSectorGetInfo(miner, sector.number, [...view.key]);
  return preCommitStanding(
    sector,
    { head: view.head, preCommit, sector: proven },
    view.policy,
    view.challengeDelay,
  );
}

/**
 * As {@link readStanding} for all that one message pre-committed at one epoch: the first speaks for them, since the
 * message is all or nothing. One call; one more when the pre-commit is not there, which tells who of them is proven.
 */
export async function readStandings<T extends Member>(
  modules: SealingModules,
  view: ChainView,
  members: readonly T[],
): Promise<ReadonlyMap<SectorNumber, PreCommitStanding>> {
  const standings = new Map<SectorNumber, PreCommitStanding>();
  const [first] = members;
  if (!first) return standings;
  const miner = idAddress(first.miner, 't');
  const preCommit = await modules.chain.stateSectorPreCommitInfo(miner, first.number, [...view.key]);
  if (preCommit) {
    const word = standingOf(view, first, { preCommit, sector: null });
    standings.set(first.number, word);
    for (const member of members.slice(1)) {
      // It is not the message that was thought: each is asked for.
      const own = word.standing === 'other-commR' ? await readStanding(modules, view, member) : word;
      standings.set(member.number, own);
    }
    return standings;
  }
  const proven = await readProven(modules, view, members);
  const rest: T[] = [];
  for (const member of members) {
    const sector = proven.get(member.number) ?? null;
    if (sector) standings.set(member.number, standingOf(view, member, { preCommit: null, sector }));
    else rest.push(member);
  }
  if (proven.has(first.number)) {
    // Its pre-commit went because it was proven: another speaks for those that are not.
    for (const [number, standing] of await readStandings(modules, view, rest))
      standings.set(number, standing);
    return standings;
  }
  for (const member of rest)
    standings.set(member.number, standingOf(view, member, { preCommit: null, sector: null }));
  return standings;
}

function standingOf(
  view: ChainView,
  sector: Standing,
  facts: Pick<Parameters<typeof preCommitStanding>[1], 'preCommit' | 'sector'>,
): PreCommitStanding {
  return preCommitStanding(sector, { head: view.head, ...facts }, view.policy, view.challengeDelay);
}

/** Which of a miner's sectors the chain has as proven, in one call. */
export async function readProven(
  modules: SealingModules,
  view: ChainView,
  members: readonly SectorId[],
): Promise<ReadonlyMap<SectorNumber, SectorInfo>> {
  const [first] = members;
  if (!first) return new Map();
  const numbers = BitField.of(members.map(({ number }) => number));
  const found = await modules.chain.stateMinerSectors(idAddress(first.miner, 't'), numbers, [...view.key]);
  return new Map(found.map((info) => [info.sectorNumber, info]));
}

/**
 * The chain has the sector proven and the database does not know how: it was restored from an older copy. Where the
 * files lie is in the newer one, so nothing that could delete them goes on by itself.
 */
export const ALREADY_PROVEN: SectorEvent = parkFor(new BeeproError('SECTOR_ALREADY_PROVEN'));

function parkFor({ code, message }: BeeproError): SectorEvent {
  return { type: 'park', code, reason: message };
}

/** The event that a standing is for a sector that rests on its pre-commit; undefined when all is as it was. */
export function standingEvent(standing: PreCommitStanding): SectorEvent | undefined {
  switch (standing.standing) {
    case 'moved':
      return { type: 'precommit-moved', precommitEpoch: standing.precommitEpoch };
    case 'gone':
      return { type: 'precommit-gone' };
    case 'expired':
      return { type: 'precommit-expired' };
    case 'proven':
      return ALREADY_PROVEN;
    case 'other-commR':
      return parkFor(
        new BeeproError('SECTOR_COMMR_DIFFERS', { actual: 'another', expected: standing.commR }),
      );
    default:
      return undefined;
  }
}

/**
 * Applies what the chain says to a sector; true when it may go on. A pre-commit that a reorg dropped is pushed
 * again, the same bytes.
 */
export async function followStanding(
  modules: SealingModules,
  sector: SectorId & Pick<SectorRow, 'precommit_message'>,
  standing: PreCommitStanding,
): Promise<boolean> {
  const event = standingEvent(standing);
  if (!event) return standing.standing === 'there';
  if (event.type === 'precommit-gone') await revive(modules, sector.precommit_message);
  const applied = await moveSector(modules, sector, event);
  modules.log.warn(
    {
      event: 'precommit.unsteady',
      miner: sector.miner,
      sector: sector.number,
      standing: standing.standing,
      to: 'transition' in applied ? applied.transition.to : applied.state,
    },
    `the chain has the pre-commit as ${standing.standing}`,
  );
  return false;
}

/** A message that a reorg took off the chain, however final it seemed: it counts as pushed, and goes out again. */
export async function revive(modules: SealingModules, message: number | null): Promise<void> {
  if (message === null) return;
  await patchMessage(modules.db.kysely, message, ['landed', 'final'], {
    state: 'pushed',
    pushed_at: null,
    landed_at: null,
    final_at: null,
    inclusion_epoch: null,
    execution_epoch: null,
    exit_code: null,
    return_value: null,
    gas_used: null,
  });
}

import { tipSetKeyText } from '#codec';
import type { CidString, Epoch, SectorState } from '#core';
import { isBeeproError } from '#core';
import {
  listSeenTipsets,
  newestSeenTipset,
  type RestingSector,
  type SeenTipset,
  saveSeenTipset,
  transaction,
} from '#db';
import { moveSector } from '#sector';
import type { ChainView } from './chain-view.ts';
import { settleAt } from './commit-watch.ts';
import { byCommit, byPreCommit } from './groups.ts';
import { inParallel, PARALLEL } from './in-parallel.ts';
import type { SealingModules } from './modules.ts';
import { restingSectors } from './pages.ts';
import { readPlaces } from './places.ts';
import type { ChainRandomness } from './randomness.ts';
import { EVER, recheckRandomness } from './randomness-watch.ts';
import { followStanding, readProven, readStandings, revive } from './standing.ts';

/**
 * The heads that were decided from are kept, back to finality; where the newest of them is no ancestor of the head,
 * there was a reorg, whoever saw it and whenever: while the coordinator was away, between two looks, or because
 * another node answers now. Everything that rests on what was reverted is looked at again, and only then is the new
 * head noted, so that a crash in between repeats it.
 */
export async function watchReorgs(
  modules: SealingModules,
  view: ChainView,
  randomness: ChainRandomness,
  signal: AbortSignal,
): Promise<void> {
  const noted = await newestSeenTipset(modules.db.kysely);
  // Another coordinator did this duty meanwhile: a reorg that it has seen to is not seen here any more.
  randomness.forgetUnlessOn(noted?.tipset);
  const isBelow = noted !== undefined && noted.height <= view.head;
  const newest = isBelow ? noted : await newestSeenTipset(modules.db.kysely, view.head);
  const fork = await findFork(modules, view, newest);
  if (fork !== undefined) {
    tell(modules, view, fork, newest);
    randomness.forgetFrom(fork);
    await recheckRandomness(modules, view, randomness, fork, signal);
    await recheckPreCommits(modules, view, fork, signal);
    await recheckProven(modules, view, Math.max(fork, view.head - view.policy.chainFinality), signal);
    if (signal.aborted) return;
  }
  const tipset = tipSetKeyText(view.key);
  if (noted?.tipset !== tipset) {
    // What was seen above the head is not on its chain, or not yet: it is no longer what was decided from last.
    const range = {
      fork: Math.min(fork ?? view.head, view.head),
      keepFrom: view.head - view.policy.chainFinality,
    };
    const head = { height: view.head, tipset };
    await transaction(modules.db, (trx) => saveSeenTipset(trx, head, range));
  }
  randomness.restsOn(tipset);
}

function tell(modules: SealingModules, view: ChainView, fork: Epoch, newest: SeenTipset | undefined): void {
  const line = { event: 'chain.reorg', head: view.head, seen: newest?.height };
  if (!newest) modules.log.info(line, 'no head was noted before: all that rests on the chain is looked at');
  else if (fork === EVER)
    modules.log.warn(line, 'no head that was seen is on the chain: all that rests on it is looked at again');
  else
    modules.log.warn(
      { ...line, fork },
      `the chain was replaced above epoch ${fork}: all that rests on it is looked at again`,
    );
}

/** Below which epoch the chain is the one that was seen; undefined: all of it is. */
async function findFork(
  modules: SealingModules,
  view: ChainView,
  newest: SeenTipset | undefined,
): Promise<Epoch | undefined> {
  if (!newest) return EVER;
  if (newest.tipset === tipSetKeyText(view.key) || newest.tipset === tipSetKeyText(view.parents))
    return undefined;
  if (await isOnChain(modules, view, newest)) return undefined;
  const seen = await listSeenTipsets(modules.db.kysely, view.head);
  const index = await firstOnChain(seen, (one) => isOnChain(modules, view, one));
  return seen[index]?.height ?? EVER;
}

async function isOnChain(modules: SealingModules, view: ChainView, seen: SeenTipset): Promise<boolean> {
  if (seen.height === view.head) return seen.tipset === tipSetKeyText(view.key);
  const key: CidString[] = [...view.key];
  try {
    const there = await modules.chain.chainGetTipSetByHeight(seen.height, key);
    return there.height === seen.height && tipSetKeyText(there.cids) === seen.tipset;
  } catch (error) {
    // A node that began from a snapshot after a long absence has no such block. What is final is not reverted.
    const isFinal = view.head - seen.height > view.policy.chainFinality;
    if (isFinal && isBeeproError(error, 'CHAIN_STATE_UNAVAILABLE')) return true;
    throw error;
  }
}

/**
 * Index of the first of `seen` (newest first) that is still on the chain; their number when none is. What lies below
 * one that is, is too: looks in doubling steps, since most reorgs are short, then halves.
 */
export async function firstOnChain<T>(
  seen: readonly T[],
  isThere: (one: T) => Promise<boolean>,
): Promise<number> {
  const there = async (index: number) => {
    const one = seen[index];
    return one === undefined || isThere(one);
  };
  let off = -1;
  let on = 0;
  for (let step = 1; !(await there(on)); step *= 2) {
    off = on;
    on = Math.min(on + step, seen.length);
  }
  while (on - off > 1) {
    const middle = (on + off) >> 1;
    if (await there(middle)) on = middle;
    else off = middle;
  }
  return on;
}

/** What rests on a pre-commit. Whose commit is on the way is not moved by it: its message's outcome decides. */
const RESTING: readonly SectorState[] = [
  ...(['WaitSeed', 'Commit1', 'Commit2', 'ClearCache', 'CommitBatching'] as const),
  'CommitWait',
];

async function recheckPreCommits(
  modules: SealingModules,
  view: ChainView,
  fork: Epoch,
  signal: AbortSignal,
): Promise<void> {
  const resting = await restingSectors(modules.db.kysely, { states: RESTING, precommitFrom: fork });
  await inParallel(byPreCommit(resting), PARALLEL, signal, async (members) => {
    const standings = await readStandings(modules, view, members);
    for (const sector of members) {
      const standing = standings.get(sector.number);
      if (!standing) continue;
      if (sector.state === 'CommitWait') {
        if (standing.standing === 'gone') await revive(modules, sector.precommit_message);
        continue;
      }
      // Its batch finds it proven, and records it so.
      if (sector.state === 'CommitBatching' && standing.standing === 'proven') continue;
      await followStanding(modules, sector, standing);
    }
  });
}

/** Sectors that count as proven by a prove-commit at `since` or later: one question for all of one message. */
async function recheckProven(
  modules: SealingModules,
  view: ChainView,
  since: Epoch,
  signal: AbortSignal,
): Promise<void> {
  const proven = await restingSectors(modules.db.kysely, { states: ['Proving'], activationFrom: since });
  await inParallel(byCommit(proven), PARALLEL, signal, async (members) => {
    const infos = await readProven(modules, view, members);
    const moved = members.filter(
      ({ number, activation_epoch: known }) => infos.has(number) && infos.get(number)?.activation !== known,
    );
    const places = await readPlaces(modules, view, moved);
    for (const sector of moved) {
      const info = infos.get(sector.number);
      if (info) await settleAt(modules, sector, info, places.get(sector.number));
    }
    const gone = members.filter(({ number }) => !infos.has(number));
    if (gone.length > 0) await takeBack(modules, view, gone);
  });
}

/** Their prove-commit is pushed again, the same bytes; and the pre-commit before it, where that went too. */
async function takeBack(
  modules: SealingModules,
  view: ChainView,
  gone: readonly RestingSector[],
): Promise<void> {
  for (const members of byPreCommit(gone)) {
    const standings = await readStandings(modules, view, members);
    for (const sector of members) {
      if (standings.get(sector.number)?.standing === 'gone') await revive(modules, sector.precommit_message);
      await revive(modules, sector.commit_message);
      await moveSector(modules, sector, { type: 'commit-gone' });
      modules.log.warn(
        { event: 'commit.reverted', miner: sector.miner, sector: sector.number },
        'a reorg took the prove-commit off the chain: it is pushed again',
      );
    }
  }
}

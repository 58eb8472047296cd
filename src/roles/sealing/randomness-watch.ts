import type { Epoch, SectorState } from '#core';
import { type HeldRandomness, listHeldSeeds, listHeldTickets } from '#db';
import { moveSector, type SectorEvent } from '#sector';
import type { ChainView } from './chain-view.ts';
import { inParallel, PARALLEL } from './in-parallel.ts';
import type { SealingModules } from './modules.ts';
import { restingSectors } from './pages.ts';
import type { ChainRandomness, RandomnessKind } from './randomness.ts';

/** Before the dawn of any chain: tickets of a young one have negative epochs. */
export const EVER: Epoch = Number.MIN_SAFE_INTEGER;

/** Where the ticket still matters: it is sealed with, or proven with. */
const TICKET_STATES: readonly SectorState[] = [
  ...(['PreCommit1', 'PreCommit2', 'PreCommitBatching'] as const),
  ...(['WaitSeed', 'Commit1', 'Commit2', 'ClearCache', 'CommitBatching'] as const),
];
const SEED_STATES: readonly SectorState[] = ['Commit1', 'Commit2', 'ClearCache', 'CommitBatching'];

/** Questions of one pass about what was never compared: the rest has time until the next. */
const NEW_PER_PASS = 16;

/** Which of what the sectors hold is to be asked for, and which of it differs from the chain's. */
export interface Comparison {
  readonly kind: RandomnessKind;
  readonly held: readonly HeldRandomness[];
}

/** Those that were compared before are not asked for again; of the others at most `most`, the oldest first. */
export function dueForComparison(
  held: readonly HeldRandomness[],
  isKnown: (one: HeldRandomness) => boolean,
  most: number,
): HeldRandomness[] {
  let asked = 0;
  return held.filter((one) => isKnown(one) || asked++ < most);
}

/**
 * What is about to be sent is compared with the chain's once more: tickets before their pre-commit, seeds before their
 * prove-commit. One call for each (miner, epoch), remembered while the chain stands.
 */
export async function watchRandomness(
  modules: SealingModules,
  view: ChainView,
  randomness: ChainRandomness,
  signal: AbortSignal,
): Promise<void> {
  const [tickets, seeds] = await Promise.all([
    listHeldTickets(modules.db.kysely, ['PreCommitBatching'], EVER),
    listHeldSeeds(modules.db.kysely, ['CommitBatching'], EVER),
  ]);
  await compare(modules, view, randomness, { kind: 'ticket', held: tickets }, NEW_PER_PASS, signal);
  await compare(modules, view, randomness, { kind: 'seed', held: seeds }, NEW_PER_PASS, signal);
}

/** After a reorg down to `fork`: every ticket and seed that was drawn there or later, wherever its sectors are. */
export async function recheckRandomness(
  modules: SealingModules,
  view: ChainView,
  randomness: ChainRandomness,
  fork: Epoch,
  signal: AbortSignal,
): Promise<void> {
  const tickets = await listHeldTickets(modules.db.kysely, TICKET_STATES, fork);
  const seeds = await listHeldSeeds(modules.db.kysely, SEED_STATES, fork);
  const all = Number.POSITIVE_INFINITY;
  await compare(modules, view, randomness, { kind: 'ticket', held: tickets }, all, signal);
  await compare(modules, view, randomness, { kind: 'seed', held: seeds }, all, signal);
}

async function compare(
  modules: SealingModules,
  view: ChainView,
  randomness: ChainRandomness,
  { kind, held }: Comparison,
  most: number,
  signal: AbortSignal,
): Promise<void> {
  // A reorg to a chain that is shorter yet: what lies beyond its head cannot be asked for now.
  const readable = held.filter(({ epoch }) => epoch <= view.head);
  const isKnown = ({ miner, epoch }: HeldRandomness) => randomness.knows(kind, miner, epoch);
  const due = dueForComparison(readable, isKnown, most);
  await inParallel(due, PARALLEL, signal, async (one) => {
    const value = await randomness.read(modules, view, kind, one.miner, one.epoch);
    if (value !== one.value) await withdraw(modules, kind, one);
  });
}

/** The chain says otherwise: whoever holds this value has to do without it. */
async function withdraw(modules: SealingModules, kind: RandomnessKind, held: HeldRandomness): Promise<void> {
  const { miner, epoch, value } = held;
  const states = kind === 'ticket' ? TICKET_STATES : SEED_STATES;
  const sectors = await restingSectors(modules.db.kysely, { states, [kind]: { miner, epoch } });
  const event: SectorEvent =
    kind === 'ticket' ? { type: 'ticket-reverted', epoch } : { type: 'seed-moved', seedEpoch: epoch };
  for (const sector of sectors) {
    if (sector[kind] !== value) continue;
    await moveSector(modules, sector, event);
    modules.log.warn(
      { event: `sector.${event.type}`, miner, sector: sector.number, epoch },
      `a reorg replaced the tipset of the sector’s ${kind}`,
    );
  }
}

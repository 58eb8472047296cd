import type { ActorId, Epoch, SectorId, SectorState } from '#core';
import type { Executor } from '../database.ts';
import { isAfter, type SectorRow } from './sectors.ts';

/** What a sector rests on in the chain, without proofs and logs: ten thousand of them are read in one pass. */
const RESTING_COLUMNS = [
  'miner',
  'number',
  'state',
  'comm_r',
  'ticket',
  'ticket_epoch',
  'precommit_message',
  'precommit_epoch',
  'seed',
  'seed_epoch',
  'commit_message',
  'activation_epoch',
] as const satisfies readonly (keyof SectorRow)[];

export type RestingSector = Pick<SectorRow, (typeof RESTING_COLUMNS)[number]>;

/** Conditions on the epochs that sectors rest on; all that are given hold. */
export interface RestingFilter {
  readonly states: readonly SectorState[];
  readonly precommitFrom?: Epoch;
  readonly precommitUntil?: Epoch;
  readonly ticket?: { readonly miner: ActorId; readonly epoch: Epoch };
  readonly seed?: { readonly miner: ActorId; readonly epoch: Epoch };
  readonly activationFrom?: Epoch;
}

/** One page in the order (miner, number). */
export async function listRestingSectors(
  executor: Executor,
  page: RestingFilter & { readonly after?: SectorId | undefined; readonly limit: number },
): Promise<RestingSector[]> {
  let query = executor
    .selectFrom('sector')
    .select(RESTING_COLUMNS)
    .where('state', 'in', page.states)
    .orderBy('miner')
    .orderBy('number')
    .limit(page.limit);
  const { precommitFrom, precommitUntil, ticket, seed, activationFrom, after } = page;
  if (precommitFrom !== undefined) query = query.where('precommit_epoch', '>=', precommitFrom);
  if (precommitUntil !== undefined) query = query.where('precommit_epoch', '<=', precommitUntil);
  if (ticket !== undefined)
    query = query.where('miner', '=', ticket.miner).where('ticket_epoch', '=', ticket.epoch);
  if (seed !== undefined) query = query.where('miner', '=', seed.miner).where('seed_epoch', '=', seed.epoch);
  if (activationFrom !== undefined) query = query.where('activation_epoch', '>=', activationFrom);
  if (after !== undefined) query = query.where(isAfter(after));
  return query.execute();
}

/** Randomness that sectors hold: one row for all that hold the same. */
export interface HeldRandomness {
  readonly miner: ActorId;
  readonly epoch: Epoch;
  /** Lower-case hex. */
  readonly value: string;
}

/** The distinct tickets of sectors in these states, drawn at `since` or later, oldest first. */
export async function listHeldTickets(
  executor: Executor,
  states: readonly SectorState[],
  since: Epoch,
): Promise<HeldRandomness[]> {
  return executor
    .selectFrom('sector')
    .select(['miner', 'ticket_epoch as epoch', 'ticket as value'])
    .where('state', 'in', states)
    .where('ticket_epoch', '>=', since)
    .where('ticket', 'is not', null)
    .groupBy(['miner', 'ticket_epoch', 'ticket'])
    .orderBy('ticket_epoch')
    .$narrowType<{ epoch: Epoch; value: string }>()
    .execute();
}

/** The distinct seeds of sectors in these states, drawn at `since` or later, oldest first. */
export async function listHeldSeeds(
  executor: Executor,
  states: readonly SectorState[],
  since: Epoch,
): Promise<HeldRandomness[]> {
  return executor
    .selectFrom('sector')
    .select(['miner', 'seed_epoch as epoch', 'seed as value'])
    .where('state', 'in', states)
    .where('seed_epoch', '>=', since)
    .where('seed', 'is not', null)
    .groupBy(['miner', 'seed_epoch', 'seed'])
    .orderBy('seed_epoch')
    .$narrowType<{ epoch: Epoch; value: string }>()
    .execute();
}

/** Where a ticket is compared with the chain's after a reorg, so that it may be taken for the chain's. */
const TICKET_IN_USE: readonly SectorState[] = ['PreCommit1', 'PreCommit2', 'PreCommitBatching'];

/** The ticket that some sector of the miner, which is being sealed with it, has drawn at this epoch. */
export async function findDrawnTicket(
  executor: Executor,
  miner: ActorId,
  epoch: Epoch,
): Promise<string | undefined> {
  const row = await executor
    .selectFrom('sector')
    .select('ticket')
    .where('miner', '=', miner)
    .where('ticket_epoch', '=', epoch)
    .where('ticket', 'is not', null)
    .where('state', 'in', TICKET_IN_USE)
    .limit(1)
    .executeTakeFirst();
  return row?.ticket ?? undefined;
}

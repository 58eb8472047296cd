import type { Epoch } from '#core';
import { isBound, type SectorFacts } from './machine/index.ts';

/** Chain rules that tickets live by, in epochs. See `#chain` policy for the numbers of each network. */
export interface TicketRules {
  /** The ticket is drawn at head − lookback, deep enough to be final (`ChainFinality`, 900). */
  readonly lookback: Epoch;
  /** A pre-commit is refused when it is included later than this after the ticket's epoch (3780 = 900 + 2880). */
  readonly maxAge: Epoch;
}

/**
 * Tickets are drawn at every so many epochs only, so that all sectors of a miner that start within five minutes share
 * one: a thousand workers that are let loose at once ask for one value, and the chain is asked for few afterwards. It
 * costs at most this much of a ticket's 2880 epochs.
 */
const SHARED_EPOCHS: Epoch = 10;

/** The newest epoch at `head` − lookback or before at which tickets are drawn; negative on a young chain. */
export function sharedTicketEpoch(head: Epoch, rules: Pick<TicketRules, 'lookback'>): Epoch {
  return Math.floor((head - rules.lookback) / SHARED_EPOCHS) * SHARED_EPOCHS;
}

export type TicketDecision = { readonly use: 'own' } | { readonly use: 'new'; readonly epoch: Epoch };

/**
 * Whether PreCommit1 keeps the sector's ticket. A bound one is kept whatever its age: the chain has it, or may
 * get it. An open one is kept while `spare` epochs of its life are left for what follows.
 */
export function ticketFor(
  sector: SectorFacts,
  head: Epoch,
  rules: TicketRules,
  spare: Epoch,
): TicketDecision {
  if (sector.ticket !== null && sector.ticket_epoch !== null) {
    if (isBound(sector)) return { use: 'own' };
    if (head + spare <= sector.ticket_epoch + rules.maxAge) return { use: 'own' };
  }
  return { use: 'new', epoch: sharedTicketEpoch(head, rules) };
}

/** Whether a pre-commit included at `inclusion` would be refused for its ticket. Never true of a bound sector. */
export function ticketExpired(sector: SectorFacts, inclusion: Epoch, rules: TicketRules): boolean {
  if (sector.ticket_epoch === null || isBound(sector)) return false;
  return inclusion > sector.ticket_epoch + rules.maxAge;
}

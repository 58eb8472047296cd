import type { Epoch } from '#core';
import { isBound, type SectorFacts } from './machine/index.ts';

/** Chain rules that tickets live by, in epochs. See `#chain` policy for the numbers of each network. */
export interface TicketRules {
  /** The ticket is drawn at head − lookback, deep enough to be final (`ChainFinality`, 900). */
  readonly lookback: Epoch;
  /** A pre-commit is refused when it is included later than this after the ticket's epoch (3780 = 900 + 2880). */
  readonly maxAge: Epoch;
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
  return { use: 'new', epoch: head - rules.lookback };
}

/** Whether a pre-commit included at `inclusion` would be refused for its ticket. Never true of a bound sector. */
export function ticketExpired(sector: SectorFacts, inclusion: Epoch, rules: TicketRules): boolean {
  if (sector.ticket_epoch === null || isBound(sector)) return false;
  return inclusion > sector.ticket_epoch + rules.maxAge;
}

import { BeeproError } from '#core';
import type { Cell } from './cells.ts';
import { EVENTS, type SectorEvent } from './events.ts';
import type { Rules, SectorFacts, Transition } from './facts.ts';
import type { Refusal, Step } from './step.ts';
import { TABLE } from './table.ts';

export type Outcome = { readonly ok: Transition } | { readonly refused: string };

/** The machine: what follows an event. Pure; a refusal means that nothing changes. */
export function transition(sector: SectorFacts, event: SectorEvent, rules: Rules): Outcome {
  const cell = TABLE[sector.state].on[event.type];
  if (!cell) return { refused: EVENTS[event.type] };
  const next = decide(cell, sector, event, rules);
  if ('refused' in next) return next;
  if (next.to !== sector.state && !cell.to.includes(next.to)) {
    throw new BeeproError('INTERNAL', {
      detail: `${sector.state} × ${event.type} led to ${next.to}, which its cell does not declare`,
    });
  }
  return { ok: { from: sector.state, ...next } };
}

/** `cell` was looked up by `event.type`: the one place where the compiler cannot see that the two belong together. */
function decide(cell: object, sector: SectorFacts, event: SectorEvent, rules: Rules): Step | Refusal {
  return (cell as Cell<SectorEvent['type']>).do(sector, event as never, rules);
}

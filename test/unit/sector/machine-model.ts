import type { Phase } from '#core';
import {
  FULL_RETRY,
  type SectorEvent,
  type SectorFacts,
  type Transition,
  transition,
} from '../../../src/sector/machine/index.ts';

const RULES = { now: new Date('2026-01-02T00:00:00Z'), retry: FULL_RETRY };

/** What `applyEvent` does with SQL, done with values: the fence included. */
export function play(
  sector: SectorFacts,
  event: SectorEvent,
): { readonly sector: SectorFacts; readonly transition?: Transition; readonly refused?: string } {
  const ended = endedPhase(event);
  if (ended && !sector.active.includes(ended)) return { sector, refused: 'fenced off' };
  const active = sector.active.filter((phase) => phase !== ended);
  const outcome = transition({ ...sector, active }, event, RULES);
  if ('refused' in outcome) return { sector, refused: outcome.refused };
  const { to, set, start, cancel } = outcome.ok;
  const left = active.filter((phase) => !cancel.includes(phase));
  const next = { ...sector, ...set, state: to, active: [...left, ...start.map((run) => run.phase)] };
  return { sector: next as SectorFacts, transition: outcome.ok };
}

function endedPhase(event: SectorEvent): Phase | undefined {
  if (event.type === 'phase.failed') return event.phase;
  return event.type.endsWith('.done') ? (event.type.slice(0, -'.done'.length) as Phase) : undefined;
}

import { describe, expect, it } from 'vitest';
import { ERRORS, PHASE_NAMES, SECTOR_STATES } from '#core';
import {
  backoffMs,
  EVENT_TYPES,
  EVENTS,
  RECOVERIES,
  TABLE,
  transition,
} from '../../../src/sector/machine/index.ts';

const RULES = { now: new Date('2026-01-02T00:00:00Z'), retry: { triesPercent: 100, backoffPercent: 100 } };
const END_STATES = ['Removed', 'Proving'];

import { sectorFacts } from './sector-facts.ts';

describe('the transition table', () => {
  it('has every state, and a way out of each that is not the end of sealing', () => {
    expect(Object.keys(TABLE)).toEqual([...SECTOR_STATES]);
    for (const state of SECTOR_STATES) {
      if (END_STATES.includes(state)) continue;
      const out = Object.values(TABLE[state].on)
        .flatMap((cell) => [...cell.to])
        .filter((to) => to !== state);
      expect(out, state).not.toEqual([]);
    }
  });

  it('reaches every state from a fresh sector', () => {
    const seen = new Set<string>(['Packing']);
    for (let grown = true; grown; ) {
      grown = false;
      for (const state of SECTOR_STATES) {
        if (!seen.has(state)) continue;
        for (const to of Object.values(TABLE[state].on).flatMap((cell) => [...cell.to])) {
          if (!seen.has(to)) grown = true;
          seen.add(to);
        }
      }
    }
    expect([...seen].sort()).toEqual([...SECTOR_STATES].sort());
  });

  it('can stop every state that works or waits, or a message under way decides', () => {
    for (const state of SECTOR_STATES) {
      if ([...END_STATES, 'Parked', 'Removing'].includes(state)) continue;
      const stops = Object.values(TABLE[state].on).some((cell) =>
        (cell.to as readonly string[]).includes('Parked'),
      );
      expect(stops, state).toBe(true);
    }
  });

  it('handles every event somewhere and says why it refuses it elsewhere', () => {
    for (const event of EVENT_TYPES) {
      expect(EVENTS[event].length, event).toBeGreaterThan(10);
      expect(
        SECTOR_STATES.some((state) => TABLE[state].on[event] !== undefined),
        event,
      ).toBe(true);
    }
  });

  it('bounds every recovery and backs off to a cap', () => {
    for (const [kind, recovery] of Object.entries(RECOVERIES)) {
      expect(Number.isFinite(recovery.tries), kind).toBe(true);
      const waits = [1, 2, 3, 10, 100].map((n) => backoffMs(kind as keyof typeof RECOVERIES, n));
      expect(waits, kind).toEqual([...waits].sort((a, b) => a - b));
      expect(Math.max(...waits)).toBeLessThanOrEqual(recovery.backoff.capMs);
    }
  });

  it('has a handler for the failure of every phase that a state runs', () => {
    for (const state of [
      'AddPiece',
      'PreCommit1',
      'PreCommit2',
      'Commit1',
      'Commit2',
      'ClearCache',
      'Removing',
    ] as const) {
      expect(TABLE[state].on['phase.failed'], state).toBeDefined();
    }
  });
});

describe('failures', () => {
  it('lead, with any error code in any phase and state, where the table declares it', () => {
    const states = SECTOR_STATES.flatMap((state) => [
      sectorFacts({ state, worker: 'a', comm_d: 'dd', ticket: 'tt' }),
      sectorFacts({
        state,
        worker: null,
        seed: 'ss',
        precommit_epoch: 5,
        precommit_message: 1,
        cleared_at: new Date(),
      }),
    ]);
    for (const sector of states) {
      for (const phase of PHASE_NAMES) {
        for (const code of Object.keys(ERRORS)) {
          const event = { type: 'phase.failed', phase, code, message: 'it failed' } as const;
          expect(() => transition(sector, event, RULES), `${sector.state} ${phase} ${code}`).not.toThrow();
        }
      }
    }
  });
});

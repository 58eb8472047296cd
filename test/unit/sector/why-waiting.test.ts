import { describe, expect, it } from 'vitest';
import { SECTOR_STATES } from '#core';
import type { PhaseRunRow } from '#db';
import { waitReason } from '#sector';
import { sectorFacts } from './sector-facts.ts';

const NOW = new Date('2026-01-01T01:00:00Z');

describe('waitReason', () => {
  it.each(SECTOR_STATES)('has a reason for %s even when nothing else is known', (state) => {
    const { active: _active, ...sector } = sectorFacts({ state });
    const reason = waitReason({ sector, runs: [], message: undefined, holder: undefined, now: NOW });
    expect(reason.length).toBeGreaterThan(8);
    expect(reason).not.toMatch(/undefined|\[object/);
  });

  it('names everybody who may take an offered C2', () => {
    const { active: _active, ...sector } = sectorFacts({ state: 'Commit2', worker: 'host-a' });
    const run = {
      phase: 'commit2',
      status: 'queued',
      queue_worker: 'host-a',
      offered_at: NOW,
    } as PhaseRunRow;
    const facts = { sector, message: undefined, holder: undefined, now: NOW };
    expect(waitReason({ ...facts, runs: [run] })).toBe(
      'C2 on host-a, which holds its files, or on any worker that accepts outside C2',
    );
    expect(waitReason({ ...facts, runs: [{ ...run, offered_at: null }] })).not.toContain('outside');
  });
});

import { describe, expect, it } from 'vitest';
import { SECTOR_STATES } from '#core';
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
});

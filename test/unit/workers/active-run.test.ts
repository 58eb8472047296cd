import { afterEach, expect, test, vi } from 'vitest';
import type { PhaseRunRow } from '#db';
import { ActiveRun } from '../../../workers/active-run.ts';

afterEach(() => vi.useRealTimers());

function runSince(began: Date): ActiveRun {
  return new ActiveRun({ id: 1, attempt: 1, claim: 1 } as PhaseRunRow, 'host-a', undefined, began);
}

test('a clock that is set does not make a run overdue', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const run = runSince(new Date());
  vi.setSystemTime(Date.now() + 10 * 3_600_000);
  expect(run.elapsedMs).toBeLessThan(3_600_000);
});

test('what passed before a restart of the agent counts, and never less than nothing', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  expect(runSince(new Date(Date.now() - 5_000)).elapsedMs).toBeGreaterThanOrEqual(5_000);
  expect(runSince(new Date(Date.now() + 3_600_000)).elapsedMs).toBeLessThan(3_600_000);
});

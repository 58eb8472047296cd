import { afterEach, describe, expect, test, vi } from 'vitest';
import type { PhaseRunRow } from '#db';
import { ActiveRun } from '../../../workers/active-run.ts';
import { startedAs } from '../../../workers/run-start.ts';

afterEach(() => vi.useRealTimers());

function runOf(elapsedMs: number, hostEpoch = () => 1): ActiveRun {
  const start = { began: new Date(), elapsedMs };
  const row = { id: 1, attempt: 1, claim: 1, miner: 1000, number: 7 } as PhaseRunRow;
  return new ActiveRun(row, { worker: 'host-a', hostEpoch, job: undefined, start });
}

test('a clock that is set does not make a run overdue', () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const run = runOf(0);
  vi.setSystemTime(Date.now() + 10 * 3_600_000);
  expect(run.elapsedMs).toBeLessThan(3_600_000);
});

test('what passed before a restart of the agent counts, and never less than nothing', () => {
  expect(runOf(5_000).elapsedMs).toBeGreaterThanOrEqual(5_000);
  expect(runOf(-5_000).elapsedMs).toBeGreaterThanOrEqual(0);
});

test('the fence shows the claim and the host epoch of the moment', () => {
  let epoch = 4;
  const run = runOf(0, () => epoch);
  expect(run.fence).toEqual({
    runId: 1,
    attempt: 1,
    claim: 1,
    worker: 'host-a',
    hostEpoch: 4,
    sector: { miner: 1000, number: 7 },
  });
  epoch = 5;
  run.claimedAgain({ id: 1, attempt: 1, claim: 2 } as PhaseRunRow);
  expect(run.fence).toMatchObject({ claim: 2, hostEpoch: 5 });
});

describe('how long a journalled run has gone on', () => {
  const HOUR = 3_600_000;
  const claimedAt = '2026-01-01T00:00:00.000Z';
  const claimedMs = Date.parse(claimedAt);
  test.each([
    [
      'on the same boot, by the clock that nobody sets',
      'a',
      10 * HOUR,
      12 * HOUR,
      claimedMs + 2 * HOUR,
      2 * HOUR,
    ],
    [
      'on the same boot, with a wall clock a day ahead',
      'a',
      10 * HOUR,
      12 * HOUR,
      claimedMs + 26 * HOUR,
      2 * HOUR,
    ],
    [
      'on the same boot, with a wall clock a year behind',
      'a',
      10 * HOUR,
      12 * HOUR,
      claimedMs - 8_760 * HOUR,
      2 * HOUR,
    ],
    ['after a reboot, by the wall clock', 'b', 10 * HOUR, HOUR, claimedMs + 3 * HOUR, 3 * HOUR],
    ['after a reboot, with a wall clock behind', 'b', 10 * HOUR, HOUR, claimedMs - 3 * HOUR, 0],
    ['in the journal of an older agent', 'a', undefined, HOUR, claimedMs + 3 * HOUR, 3 * HOUR],
  ])('%s', (_what, bootId, claimedUptimeMs, uptimeMs, nowMs, expected) => {
    const start = startedAs({ bootId: 'a', claimedAt, claimedUptimeMs }, { bootId, uptimeMs, nowMs });
    expect(start).toEqual({ began: new Date(claimedAt), elapsedMs: expected });
  });
});

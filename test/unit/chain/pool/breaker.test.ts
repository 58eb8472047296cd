import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { backoffMs } from '../../../../src/chain/rpc/pool/backoff.ts';
import {
  type Breaker,
  type BreakerEvent,
  closedBreaker,
  nextBreaker,
  waitLeftMs,
} from '../../../../src/chain/rpc/pool/breaker.ts';

const RULES = { failures: 3, minBackoffMs: 1_000, maxBackoffMs: 60_000 };
/** The states after each event, at the same moment, without chance. */
const after = (events: readonly BreakerEvent[], from: Breaker = closedBreaker(0), now = 0): Breaker =>
  events.reduce((breaker, event) => nextBreaker(breaker, event, RULES, now, 1), from);

describe('whether a node is given calls', () => {
  const closed = (failures = 0, trips = 0) => ({ kind: 'closed', failures, trips, since: 0 });
  const open = (since: number, trips: number) => ({ kind: 'open', since, trips, random: 1 });
  test.each<[BreakerEvent[], object]>([
    [[], closed()],
    [['answered'], closed()],
    [['failed', 'failed'], closed(2)],
    [['failed', 'failed', 'answered'], closed()],
    [['failed', 'failed', 'well', 'failed'], closed(1)],
    [['failed', 'failed', 'failed'], open(0, 1)],
    [['stalled'], open(0, 1)],
    [['stalled', 'answered'], open(0, 1)],
    [['stalled', 'failed', 'stalled'], open(0, 1)],
    [['stalled', 'well'], closed(0, 1)],
    [['stalled', 'well', 'stalled'], open(0, 2)],
  ])('after %j', (events, breaker) => {
    expect(after(events)).toEqual(breaker);
  });

  test('a trial that fails doubles the wait; long health forgets the trips', () => {
    const once = after(['stalled']);
    expect(nextBreaker(once, 'stalled', RULES, 1_000, 1)).toEqual(open(1_000, 2));
    const healthy = nextBreaker(once, 'well', RULES, 1_000, 1);
    expect(nextBreaker(healthy, 'stalled', RULES, 100_000, 1)).toEqual(open(100_000, 1));
  });

  test('the wait doubles with each trip, and follows the rules of the moment', () => {
    const breaker = after(['stalled', 'well', 'stalled', 'well', 'stalled']);
    expect(waitLeftMs(breaker, RULES, 1_500)).toBe(2_500);
    expect(waitLeftMs(breaker, { ...RULES, maxBackoffMs: 1_000 }, 1_500)).toBe(-500);
  });

  const events = fc.array(fc.constantFrom<BreakerEvent>('failed', 'stalled', 'answered', 'well'), {
    maxLength: 60,
  });
  test('it is never open for longer than the longest wait, and a stall always opens it', () => {
    fc.assert(
      fc.property(events, fc.double({ min: 0, max: 0.999, noNaN: true }), (all, random) => {
        let breaker: Breaker = closedBreaker(0);
        for (const [i, event] of all.entries()) {
          const now = i * 700;
          const next = nextBreaker(breaker, event, RULES, now, random);
          expect(waitLeftMs(next, RULES, now)).toBeLessThanOrEqual(RULES.maxBackoffMs);
          if (event === 'stalled') expect(next.kind).toBe('open');
          if (event === 'well') expect(next.kind).toBe('closed');
          breaker = next;
        }
        expect(waitLeftMs(breaker, RULES, all.length * 700 + RULES.maxBackoffMs)).toBeLessThanOrEqual(0);
      }),
    );
  });
});

test('the waits double up to the longest, spread by half', () => {
  expect([0, 1, 2, 9, 1000].map((n) => backoffMs(n, 500, 30_000, 1))).toEqual([
    500, 1_000, 2_000, 30_000, 30_000,
  ]);
  expect(backoffMs(0, 500, 30_000, 0)).toBe(250);
  // A first wait that is set above the longest counts.
  expect(backoffMs(3, 500, 100, 1)).toBe(500);
});

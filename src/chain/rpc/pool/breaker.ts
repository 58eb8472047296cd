import { backoffMs } from './backoff.ts';

/**
 * Whether a node is given calls: `closed`, it is; `open`, it is not until a wait is over, and then one look at its
 * health decides. How long the wait is follows from the rules of the moment, so that a shorter one counts at once.
 * Times are ms of one monotonic clock.
 */
export type Breaker =
  | { readonly kind: 'closed'; readonly failures: number; readonly trips: number; readonly since: number }
  | { readonly kind: 'open'; readonly since: number; readonly trips: number; readonly random: number };

export interface BreakerRules {
  /** Failures in a row that open it. */
  readonly failures: number;
  readonly minBackoffMs: number;
  readonly maxBackoffMs: number;
}

/**
 * `failed`: a call or look came to nothing by the node's fault. `stalled`: it ended by its time-out, or a look failed:
 * no second one is needed. `answered`: any answer, an error about the question too. `well`: a look at its health
 * succeeded.
 */
export type BreakerEvent = 'failed' | 'stalled' | 'answered' | 'well';

export function closedBreaker(now: number): Breaker {
  return { kind: 'closed', failures: 0, trips: 0, since: now };
}

export function nextBreaker(
  breaker: Breaker,
  event: BreakerEvent,
  rules: BreakerRules,
  now: number,
  random: number,
): Breaker {
  if (breaker.kind === 'open') {
    // Calls that were under way when it opened say nothing new, for better or worse.
    if (event === 'answered' || event === 'failed') return breaker;
    if (event === 'well') return { kind: 'closed', failures: 0, trips: breaker.trips, since: now };
    return waitLeftMs(breaker, rules, now) > 0 ? breaker : opened(breaker.trips, now, random);
  }
  // Who has been well for longer than the longest back-off begins with the shortest again.
  const trips = now - breaker.since > rules.maxBackoffMs ? 0 : breaker.trips;
  if (event === 'answered' || event === 'well') return { ...breaker, failures: 0, trips };
  const failures = breaker.failures + 1;
  if (event === 'stalled' || failures >= rules.failures) return opened(trips, now, random);
  return { ...breaker, failures, trips };
}

/** For how long nobody looks at a node that gets no calls, in ms; 0 and less when a look is due. */
export function waitLeftMs(breaker: Breaker, rules: BreakerRules, now: number): number {
  if (breaker.kind === 'closed') return 0;
  const { minBackoffMs, maxBackoffMs } = rules;
  return breaker.since + backoffMs(breaker.trips - 1, minBackoffMs, maxBackoffMs, breaker.random) - now;
}

function opened(trips: number, now: number, random: number): Breaker {
  return { kind: 'open', since: now, trips: trips + 1, random };
}

import { backoffMs } from './backoff.ts';

/**
 * Whether a node is given calls: `closed`, it is; `open`, it is not before `until`, and then one look at its health
 * decides. Times are ms of one monotonic clock.
 */
export type Breaker =
  | { readonly kind: 'closed'; readonly failures: number; readonly trips: number; readonly since: number }
  | { readonly kind: 'open'; readonly until: number; readonly trips: number };

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
    return now < breaker.until ? breaker : opened(breaker.trips, rules, now, random);
  }
  // Who has been well for longer than the longest back-off begins with the shortest again.
  const trips = now - breaker.since > rules.maxBackoffMs ? 0 : breaker.trips;
  if (event === 'answered' || event === 'well') return { ...breaker, failures: 0, trips };
  const failures = breaker.failures + 1;
  if (event === 'stalled' || failures >= rules.failures) return opened(trips, rules, now, random);
  return { ...breaker, failures, trips };
}

/** Whether a look at the node's health is due although it gets no calls. */
export function isTrialDue(breaker: Breaker, now: number): boolean {
  return breaker.kind === 'closed' || now >= breaker.until;
}

function opened(trips: number, rules: BreakerRules, now: number, random: number): Breaker {
  const wait = backoffMs(trips, rules.minBackoffMs, rules.maxBackoffMs, random);
  return { kind: 'open', until: now + wait, trips: trips + 1 };
}

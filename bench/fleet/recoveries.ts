/**
 * What the recovery table of `#sector` does about the failures that profiles can have; a test holds the two
 * together, since the simulation imports the scheduler alone.
 */
export const RECOVERIES = {
  temporary: { tries: 12, backoff: { baseMs: 5_000, factor: 2, capMs: 600_000 } },
  crash: { tries: 5, backoff: { baseMs: 10_000, factor: 3, capMs: 600_000 } },
  permanent: { tries: 2, backoff: { baseMs: 10_000, factor: 6, capMs: 600_000 } },
} as const;

/** Wait before try `n` (1 is the first); undefined: the sector is parked. */
export function backoffMs(kind: keyof typeof RECOVERIES, n: number): number | undefined {
  const { tries, backoff } = RECOVERIES[kind];
  if (n > tries) return undefined;
  return Math.round(Math.min(backoff.capMs, backoff.baseMs * backoff.factor ** (n - 1)));
}

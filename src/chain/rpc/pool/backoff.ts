/**
 * How long a wait is after so many failures in a row, in ms: doubles from the shortest to the longest, spread by up to
 * half so that a fleet does not return at once. `random` is from 0 to below 1.
 */
export function backoffMs(failures: number, minMs: number, maxMs: number, random: number): number {
  const full = Math.min(Math.max(minMs, maxMs), minMs * 2 ** Math.min(failures, 30));
  return Math.round(full * (0.5 + random / 2));
}

import { type RunIntent, readBootId } from '#sealer';
import type { RunStart } from './active-run.ts';

/** Milliseconds since this machine booted, by the clock that nobody sets; the same for all its processes. */
export function uptimeMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

/** A run that is claimed now. */
export function startsNow(): RunStart {
  return { began: new Date(), elapsedMs: 0 };
}

interface Clocks {
  readonly bootId: string;
  readonly uptimeMs: number;
  /** The wall clock, ms since 1970. */
  readonly nowMs: number;
}

/**
 * How long a journalled run has gone on. Within one boot the machine's own clock tells, so a wall clock that was set
 * between two agents ends no run before its time; after a reboot there is nothing but the wall clock.
 */
export function startedAs(
  intent: Pick<RunIntent, 'bootId' | 'claimedAt' | 'claimedUptimeMs'>,
  clocks: Clocks = { bootId: readBootId(), uptimeMs: uptimeMs(), nowMs: Date.now() },
): RunStart {
  const began = new Date(intent.claimedAt);
  const { claimedUptimeMs } = intent;
  const sameBoot = claimedUptimeMs !== undefined && intent.bootId === clocks.bootId;
  const elapsedMs = sameBoot ? clocks.uptimeMs - claimedUptimeMs : clocks.nowMs - began.getTime();
  return { began, elapsedMs: Math.max(0, elapsedMs) };
}

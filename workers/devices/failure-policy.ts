import type { ErrorCode } from '#core';

/** What a failed run says of the device that it ran on. */
export type Blame =
  /** Nothing: the sector, the disk, the chain, the operator. */
  | 'none'
  /** It may be the device: several in a row are. */
  | 'suspicion'
  /** It is the device. */
  | 'failure';

/** A device's past. */
export interface DeviceRecord {
  /** Times it was taken out of service since a job last succeeded on it. */
  readonly failures: number;
  /** Suspicious ends since a job last succeeded on it. */
  readonly suspicions: number;
  /** It is out of service: why, and from when on (ms since 1970) it may be tried; undefined: in service. */
  readonly out: { readonly reason: string; readonly tryAt: number } | undefined;
}

export interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}

export const CLEAN: DeviceRecord = { failures: 0, suspicions: 0, out: undefined };

/** So many suspicious ends in a row are the device's. */
const SUSPICIONS = 3;

const FAILURES: ReadonlySet<ErrorCode> = new Set([
  'SEALER_GPU_LOST',
  'DEVICE_LOST',
  'DEVICE_SELF_TEST_FAILED',
  // A kernel that never returns looks like this.
  'WORKER_TIME_LIMIT',
  'SEALER_HUNG',
  // What it computed is wrong.
  'SEALER_PROOF_INVALID',
  'SEALER_REPLICA_INVALID',
]);

/** A driver's crash takes the process with it; so does a want of memory, or one sector's damaged file. */
const SUSPICIOUS: ReadonlySet<ErrorCode> = new Set([
  'SEALER_DIED',
  'SEALER_PANIC',
  'SEALER_GARBAGE',
  'SEALER_LIBRARY',
]);

/** Whether the end of a run counts against the device whose slot it held. */
export function blame(code: ErrorCode): Blame {
  if (FAILURES.has(code)) return 'failure';
  return SUSPICIOUS.has(code) ? 'suspicion' : 'none';
}

/**
 * The device's record after a run ended badly on it: a failure takes it out of service at once, a suspicion when it
 * is one too many.
 * @param what the failure in words
 * @param now milliseconds since 1970
 */
export function afterFailure(
  record: DeviceRecord,
  kind: Exclude<Blame, 'none'>,
  what: string,
  backoff: Backoff,
  now: number,
): DeviceRecord {
  const suspicions = record.suspicions + (kind === 'suspicion' ? 1 : 0);
  if (kind === 'suspicion' && suspicions < SUSPICIONS) return { ...record, suspicions };
  const failures = record.failures + 1;
  const reason =
    kind === 'suspicion' ? `${suspicions} jobs in a row failed on it, the last with: ${what}` : what;
  return { failures, suspicions: 0, out: { reason, tryAt: now + backoffMs(failures, backoff) } };
}

/** A job succeeded: the next failure is its first again. */
export function afterSuccess(record: DeviceRecord): DeviceRecord {
  return { ...CLEAN, out: record.out };
}

/** Its self-test passed: it serves again, and how often it failed is remembered until a job succeeds. */
export function afterSelfTest(record: DeviceRecord): DeviceRecord {
  return { ...record, suspicions: 0, out: undefined };
}

/** Wait before try `n` (1 is the first): min(cap, base · 2^(n−1)), in ms. */
export function backoffMs(n: number, { baseMs, capMs }: Backoff): number {
  return Math.min(capMs, baseMs * 2 ** Math.min(n - 1, 40));
}

/** A sentence for the operator. It names a time, not what is left of it: it stays the same until something happens. */
export function outReason({ reason, tryAt }: NonNullable<DeviceRecord['out']>): string {
  return `${reason}; its self-test is due at ${new Date(tryAt).toISOString().slice(0, 19)}Z`;
}

import { type BeeproError, type ErrorCode, isBeeproError } from '#core';
import type { BreakerEvent } from './breaker.ts';

/** What says something of the node and nothing of the question. */
const NODE_FAILURES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CHAIN_UNREACHABLE',
  'CHAIN_TIMED_OUT',
  'CHAIN_PROTOCOL',
  'CHAIN_RATE_LIMITED',
  'SECRET_UNREADABLE',
]);
/** What another node may answer although this one is well. */
const ASK_ANOTHER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...NODE_FAILURES,
  'CHAIN_AUTH_REFUSED',
  'CHAIN_METHOD_UNKNOWN',
  'CHAIN_STATE_UNAVAILABLE',
  'CHAIN_NODE_OUT',
  'CHAIN_BUSY',
  'WALLET_KEY_MISSING',
]);
/** A refusal before anything was done: even what must not be done twice may be asked of another. */
const NOTHING_DONE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CHAIN_AUTH_REFUSED',
  'CHAIN_METHOD_UNKNOWN',
  'CHAIN_BUSY',
  'CHAIN_RATE_LIMITED',
  'SECRET_UNREADABLE',
  'WALLET_KEY_MISSING',
]);
/** Whether another node is asked after this failure. */
export function mayAskAnother(error: unknown, repeatable: boolean): boolean {
  return isBeeproError(error) && (repeatable ? ASK_ANOTHER : NOTHING_DONE).has(error.code);
}

/** A call that was given less time than this, in ms, and than is usual, says nothing when it takes longer. */
const TELLING_MS = 5_000;

/**
 * What the end of a call says of its node; undefined when nothing.
 * @param timeoutMs what the call was given
 * @param usualMs what calls are given by setting
 * @param waits the call waits inside the node
 */
export function breakerEventOf(
  error: BeeproError | undefined,
  { timeoutMs, usualMs, waits }: { timeoutMs: number; usualMs: number; waits: boolean },
): BreakerEvent | undefined {
  if (!error) return 'answered';
  const { code } = error;
  if (code === 'CHAIN_CANCELLED' || code === 'CHAIN_BUSY' || code === 'CHAIN_NODE_OUT') return undefined;
  if (code === 'CHAIN_TIMED_OUT')
    return waits || timeoutMs < Math.min(usualMs, TELLING_MS) ? undefined : 'stalled';
  return NODE_FAILURES.has(code) ? 'failed' : 'answered';
}

import { setTimeout as sleep } from 'node:timers/promises';
import { BeeproError } from '#core';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export interface PatienceOptions {
  readonly signal: AbortSignal;
  readonly onPause: (error: unknown, pauseMs: number) => void;
  /** What is waited out; MySQL's absence unless told. */
  readonly isOutage?: (error: unknown) => boolean;
}

/**
 * Does something with MySQL, and again while MySQL is away, however long that is.
 * @throws whatever is no outage, and when `signal` is aborted
 */
export async function patiently<T>(work: () => Promise<T>, options: PatienceOptions): Promise<T> {
  const isOutage = options.isOutage ?? isDatabaseOutage;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    options.signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!isOutage(error)) throw error;
      options.onPause(error, pauseMs);
      await sleep(pauseMs, undefined, { signal: options.signal });
    }
  }
}

/**
 * True of what the database does to us: it is away, failing over, full, or refuses our name until the operator mends
 * that. Hours of computing wait for it. What we say wrongly ourselves never gets better.
 */
export function isDatabaseOutage(error: unknown): boolean {
  if (error instanceof BeeproError) return error.code.startsWith('DB_');
  if (!(error instanceof Error)) return false;
  if ('code' in error && BROKEN_CONNECTION.test(String(error.code))) return true;
  if (!('sqlState' in error) || !('errno' in error)) return false;
  return !WRONG_STATEMENT.test(String(error.sqlState)) && !WRONG_VALUES.has(Number(error.errno));
}

/** True of a write that the disk had no room for: somebody can make some. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}

/** Codes of mysql2 and of the system. */
const BROKEN_CONNECTION = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|PROTOCOL_)/;
/** SQLSTATE classes of cardinality, data, integrity and syntax: the statement's own fault. */
const WRONG_STATEMENT = /^(21|22|23|42)/;
/** The same, of values without a class of their own: no default, truncated, of a wrong kind, against a CHECK. */
const WRONG_VALUES = new Set([1265, 1364, 1366, 3819]);

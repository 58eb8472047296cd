import { BeeproError, type ErrorCode } from '#core';

/** The part of a mysql2 error that tells what happened. */
interface DriverError extends Error {
  readonly code?: string;
  readonly errno?: number;
  readonly fatal?: boolean;
}

/** Server error numbers (MariaDB and MySQL agree on these) that every caller treats alike. */
const BY_NUMBER: Readonly<Record<number, ErrorCode>> = {
  1040: 'DB_UNREACHABLE', // too many connections
  1053: 'DB_UNREACHABLE', // server shutdown in progress
  1927: 'DB_UNREACHABLE', // connection was killed
  1044: 'DB_ACCESS_DENIED',
  1045: 'DB_ACCESS_DENIED',
  1142: 'DB_ACCESS_DENIED', // the user lacks the privilege for this statement
  1698: 'DB_ACCESS_DENIED',
  1049: 'DB_NAME_UNKNOWN',
  1290: 'DB_READ_ONLY',
  1792: 'DB_READ_ONLY',
  1836: 'DB_READ_ONLY',
  1021: 'DB_FULL',
  1114: 'DB_FULL',
};

const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT',
  'EACCES',
  'EPIPE',
  'ETIMEDOUT',
  'PROTOCOL_CONNECTION_LOST',
  'HANDSHAKE_SSL_ERROR',
  'HANDSHAKE_NO_SSL_SUPPORT',
]);

export function isDriverError(error: unknown): error is DriverError {
  return error instanceof Error && ('errno' in error || 'code' in error);
}

/**
 * Errors of the connection, the account or the server's health get a code of their own; errors of the statement
 * (duplicate key, deadlock, syntax) pass as they are, for callers who look at `errno`.
 */
export function translateError(error: unknown, server: string): unknown {
  if (!(error instanceof Error) || error instanceof BeeproError) return error;
  const { code, errno, message, fatal } = error as DriverError;
  const known = errno === undefined ? undefined : BY_NUMBER[errno];
  if (known) return new BeeproError(known, { server, detail: message }, { cause: error });
  const isLost = /connection is in closed state|Pool is closed/i.test(message);
  if ((code !== undefined && NETWORK_CODES.has(code)) || fatal === true || isLost) {
    return new BeeproError('DB_UNREACHABLE', { server, detail: message || String(code) }, { cause: error });
  }
  return error;
}

/** 1062: a unique key is taken. */
export function isDuplicateKey(error: unknown): boolean {
  return isDriverError(error) && error.errno === 1062;
}

/** 1213 deadlock (the transaction is rolled back), 1205 lock wait time-out: both may succeed when tried again. */
export function isLockConflict(error: unknown): boolean {
  return isDriverError(error) && (error.errno === 1213 || error.errno === 1205);
}

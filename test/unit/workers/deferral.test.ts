import { expect, test } from 'vitest';
import { BeeproError, type ErrorCode } from '#core';
import { deferralFor } from '../../../workers/deferral.ts';
import { isDatabaseOutage } from '../../../workers/patience.ts';

test.each<[ErrorCode, number | undefined]>([
  ['CHAIN_UNREACHABLE', 5_000],
  ['CHAIN_TIMED_OUT', 5_000],
  ['SEALER_SECTOR_BUSY', 5_000],
  ['SEALER_GPU_LOST', 1_000],
  ['DEVICE_LOST', 1_000],
  ['DB_UNREACHABLE', 1_000],
  ['DB_BUSY', 1_000],
  ['SEALER_DIED', undefined],
  ['SEALER_NO_SPACE', undefined],
  ['CHAIN_AUTH_REFUSED', undefined],
  ['SECTOR_TICKET_EXPIRED', undefined],
])('%s waits %s ms without costing a try', (code, delayMs) => {
  expect(deferralFor(new BeeproError(code))?.delayMs).toBe(delayMs);
});

const sqlError = (errno: number, sqlState: string) => Object.assign(new Error('x'), { errno, sqlState });

test.each<[string, unknown, boolean]>([
  ['a database that is away', new BeeproError('DB_UNREACHABLE'), true],
  ['a database that refuses us for now', new BeeproError('DB_ACCESS_DENIED'), true],
  ['a cluster’s node that is not ready', sqlError(1047, '08S01'), true],
  ['a commit that failed', sqlError(1180, 'HY000'), true],
  ['a value that is too long', sqlError(1406, '22001'), false],
  ['a value of a wrong kind', sqlError(1366, 'HY000'), false],
  ['a connection that broke', Object.assign(new Error('x'), { code: 'PROTOCOL_CONNECTION_LOST' }), true],
  ['a reset', Object.assign(new Error('x'), { code: 'ECONNRESET' }), true],
  ['a statement that is wrong', Object.assign(new Error('x'), { code: 'ER_PARSE_ERROR' }), false],
  ['a result that is not one', new BeeproError('INPUT_INVALID'), false],
])('%s is an outage to be waited out: %s', (_what, error, outage) => {
  expect(isDatabaseOutage(error)).toBe(outage);
});

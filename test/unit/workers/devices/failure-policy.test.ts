import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ErrorCode } from '#core';
import {
  afterFailure,
  afterSelfTest,
  afterSuccess,
  backoffMs,
  blame,
  CLEAN,
} from '../../../../workers/devices/failure-policy.ts';

const BACKOFF = { baseMs: 60_000, capMs: 3_600_000 };

describe('what a failed run says of its device', () => {
  test.each<[ErrorCode, string]>([
    ['SEALER_GPU_LOST', 'failure'],
    ['DEVICE_LOST', 'failure'],
    ['WORKER_TIME_LIMIT', 'failure'],
    ['SEALER_HUNG', 'failure'],
    ['SEALER_PROOF_INVALID', 'failure'],
    ['SEALER_REPLICA_INVALID', 'failure'],
    ['DEVICE_SELF_TEST_FAILED', 'failure'],
    ['SEALER_DIED', 'suspicion'],
    ['SEALER_PANIC', 'suspicion'],
    ['SEALER_GARBAGE', 'suspicion'],
    ['SEALER_LIBRARY', 'suspicion'],
    ['SEALER_OUT_OF_MEMORY', 'none'],
    ['SEALER_NO_SPACE', 'none'],
    ['SEALER_FILE_MISSING', 'none'],
    ['SEALER_PARAMS_MISSING', 'none'],
    ['SEALER_CANCELLED', 'none'],
    ['SECTOR_TICKET_EXPIRED', 'none'],
    ['CHAIN_UNREACHABLE', 'none'],
  ])('%s: %s', (code, expected) => {
    expect(blame(code)).toBe(expected);
  });
});

describe('a device', () => {
  test('that fails is out at once, for twice as long each time', () => {
    const once = afterFailure(CLEAN, 'failure', 'lost', BACKOFF, 1_000);
    expect(once).toEqual({ failures: 1, suspicions: 0, out: { reason: 'lost', tryAt: 61_000 } });
    const twice = afterFailure(afterSelfTest(once), 'failure', 'lost', BACKOFF, 1_000);
    expect(twice.out?.tryAt).toBe(121_000);
  });

  test('under suspicion serves on, and is out at the third in a row', () => {
    const suspect = (record = CLEAN) => afterFailure(record, 'suspicion', 'it died', BACKOFF, 0);
    const second = suspect(suspect());
    expect(second).toEqual({ failures: 0, suspicions: 2, out: undefined });
    expect(suspect(second).out?.reason).toBe('3 jobs in a row failed on it, the last with: it died');
    expect(suspect(afterSuccess(second)).out).toBeUndefined();
  });

  test('whose self-test passed serves again, and only a job that succeeds makes it clean', () => {
    const failed = afterFailure(CLEAN, 'failure', 'lost', BACKOFF, 0);
    expect(afterSelfTest(failed)).toEqual({ failures: 1, suspicions: 0, out: undefined });
    expect(afterSuccess(afterSelfTest(failed))).toEqual(CLEAN);
  });

  test('that ends a job well while it is out stays out: the self-test decides', () => {
    const failed = afterFailure(CLEAN, 'failure', 'lost', BACKOFF, 0);
    expect(afterSuccess(failed).out).toEqual(failed.out);
  });
});

test('law: a back-off is never below the base or above the cap, and never shrinks', () => {
  const backoffs = fc.record({
    baseMs: fc.integer({ min: 1, max: 1e6 }),
    capMs: fc.integer({ min: 1e6, max: 1e9 }),
  });
  fc.assert(
    fc.property(backoffs, fc.integer({ min: 1, max: 2_000 }), (backoff, n) => {
      const wait = backoffMs(n, backoff);
      expect(wait).toBeGreaterThanOrEqual(backoff.baseMs);
      expect(wait).toBeLessThanOrEqual(backoff.capMs);
      expect(backoffMs(n + 1, backoff)).toBeGreaterThanOrEqual(wait);
    }),
  );
});

import { describe, expect, it } from 'vitest';
import {
  expirationRange,
  lastPreCommitEpoch,
  lastProveCommitEpoch,
  networkPolicy,
  seedEpoch,
  ticketEpoch,
} from '#chain';

const policy = networkPolicy(28);
const DAY = 2880;

describe('policy of network version 28', () => {
  it('a ticket lasts 24 h after PC1 starts, not 31.5 h', () => {
    expect(lastPreCommitEpoch(policy, ticketEpoch(policy, 10_000)) - 10_000).toBe(DAY);
    expect(ticketEpoch(policy, 532)).toBe(-368);
  });

  it('the recorded pre-commit fits: executed at 535, seed 10 later, expiration within the range', () => {
    expect(seedEpoch(535, 10)).toBe(545);
    const range = expirationRange(policy, 535, 10);
    expect(range).toEqual({ min: 535 + 10 + 30 * DAY + 180 * DAY, max: 535 + 1278 * DAY });
    expect(1549972).toBeGreaterThanOrEqual(range.min);
    expect(1549972).toBeLessThanOrEqual(range.max);
    expect(lastProveCommitEpoch(policy, 535, 10)).toBe(535 + 30 * DAY + 10);
  });

  it('a newer network keeps the newest known rules', () => {
    expect(networkPolicy(29)).toBe(policy);
  });
});

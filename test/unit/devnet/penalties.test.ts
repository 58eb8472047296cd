import { describe, expect, it } from 'vitest';
import {
  continuedFaultFee,
  dailyFeePayable,
  invalidPostPenalty,
  terminationFee,
} from '../../../src/devnet/actors/penalties.ts';

const DAY = 2880;
const FIL = 10n ** 18n;
/** One attoFIL an epoch for each byte, so that fees are epochs. */
const economy = { rewardPerEpoch: 1_000n, assumedPower: 900n, circulatingSupply: 0n };

describe('what faults cost', () => {
  it('is counted in expected reward', () => {
    expect(continuedFaultFee(economy, 1n, 100n)).toBe(10_108n);
    expect(invalidPostPenalty(economy, 1n, 100n)).toBe(20n * FIL + 15_868n);
  });

  it.each([
    ['a young sector, by the least share of its pledge', 0, 0n, 20_000n],
    ['one of 70 days, by half', 70 * DAY, 0n, 42_500n],
    ['one of 140 days, by all', 140 * DAY, 0n, 85_000n],
    ['an older one, by no more', 500 * DAY, 0n, 85_000n],
    ['one whose fault would cost more, by that', 500 * DAY, 100_000n, 105_000n],
  ])('terminates %s', (_what, age, faultFee, fee) => {
    expect(terminationFee(1_000_000n, age, faultFee)).toBe(fee);
  });

  it.each([
    [1_000n, 1_000n],
    [1_440n, 1_440n],
    [9_999n, 1_440n],
  ])('a daily fee of %s is at most half of the day’s reward', (fee, payable) => {
    expect(dailyFeePayable(economy, fee, 1n, 100n)).toBe(payable);
  });
});

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { feeOf, type StuckFacts, stuckVerdict } from '#chain';

const RULES = { afterMs: 60_000, most: 3 };
const facts = (change: Partial<StuckFacts>): StuckFacts => ({
  gas: { limit: 10n, feeCap: 1_000n, premium: 100n },
  market: { baseFee: 500n, premium: 100n },
  outMs: 60_000,
  replacements: 0,
  caps: { maxFee: 10n ** 9n, overestimation: 1.25 },
  ...change,
});

describe('stuckVerdict', () => {
  test.each<[string, Partial<StuckFacts>, string]>([
    ['its fee is as the market wants: something else keeps it out', {}, 'fine'],
    ['the base fee rose above its cap', { market: { baseFee: 2_000n, premium: 100n } }, 'dearer'],
    ['too little is left for the producer', { market: { baseFee: 950n, premium: 100n } }, 'dearer'],
    ['the market wants a higher premium', { market: { baseFee: 500n, premium: 101n } }, 'dearer'],
    ['but not yet', { market: { baseFee: 2_000n, premium: 100n }, outMs: 59_999 }, 'fine'],
    [
      'the second time after twice as long',
      { market: { baseFee: 2_000n, premium: 100n }, replacements: 1, outMs: 119_999 },
      'fine',
    ],
    ['then it is', { market: { baseFee: 2_000n, premium: 100n }, replacements: 1, outMs: 120_000 }, 'dearer'],
    [
      'it was replaced as often as may be',
      { market: { baseFee: 2_000n, premium: 100n }, replacements: 3, outMs: 10 ** 9 },
      'spent',
    ],
    [
      'its cap leaves no room',
      { market: { baseFee: 2_000n, premium: 100n }, caps: { maxFee: 15_000n, overestimation: 1 } },
      'over-cap',
    ],
    [
      'a limit on the unit of gas leaves no room',
      {
        market: { baseFee: 2_000n, premium: 100n },
        caps: { maxFee: 10n ** 9n, feeCap: 1_500n, overestimation: 1 },
      },
      'over-cap',
    ],
    [
      'a limit on the premium is what keeps it: the market is not followed',
      {
        market: { baseFee: 500n, premium: 900n },
        caps: { maxFee: 10n ** 9n, premium: 100n, overestimation: 1 },
      },
      'fine',
    ],
  ])('%s', (_what, change, is) => {
    expect(stuckVerdict(facts(change), RULES).is).toBe(is);
  });

  it('says what it would need: the fee that the next blocks ask', () => {
    const verdict = stuckVerdict(
      facts({
        market: { baseFee: 6_400n, premium: 100n },
        caps: { maxFee: 11_000n, overestimation: 1 },
      }),
      RULES,
    );
    expect(verdict).toEqual({ is: 'over-cap', needed: 81_010n });
  });

  it('a dearer one is always one that mempools take, blocks include and the cap allows', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 9n });
    fc.assert(
      fc.property(amount, amount, amount, amount, amount, (feeCap, tip, baseFee, premium, maxFee) => {
        const gas = { limit: 1_000n, feeCap: feeCap + tip, premium: tip };
        const caps = { maxFee: maxFee * 1_000n, overestimation: 1 };
        const verdict = stuckVerdict(
          facts({ gas, market: { baseFee, premium }, caps, outMs: 10 ** 12 }),
          RULES,
        );
        if (verdict.is !== 'dearer') return true;
        return (
          verdict.gas.premium >= (tip * 110n) / 100n + 1n &&
          verdict.gas.premium <= verdict.gas.feeCap &&
          verdict.gas.feeCap > baseFee &&
          feeOf(verdict.gas) <= caps.maxFee
        );
      }),
    );
  });
});

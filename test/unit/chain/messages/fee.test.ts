import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { decideFee, feeOf, replacementGas } from '#chain';

const gas = (limit: bigint, feeCap: bigint, premium: bigint) => ({ limit, feeCap, premium });

describe('decideFee', () => {
  test.each([
    ['under the cap goes as estimated', gas(100n, 20n, 2n), 5n, 2_000n, { send: gas(100n, 20n, 2n) }],
    ['over it, with less head room', gas(100n, 20n, 2n), 5n, 1_000n, { send: gas(100n, 10n, 2n) }],
    ['over it, with a premium that fits', gas(100n, 20n, 15n), 5n, 1_000n, { send: gas(100n, 10n, 10n) }],
    ['below what the next blocks ask: waits', gas(100n, 20n, 2n), 10n, 1_000n, { wait: { needed: 1_400n } }],
    [
      'a fee cap of the node below the base fee is raised',
      gas(100n, 3n, 2n),
      5n,
      2_000n,
      { send: gas(100n, 8n, 2n) },
    ],
    ['and waits where it may not be', gas(100n, 3n, 2n), 50n, 2_000n, { wait: { needed: 6_500n } }],
    ['a cap of nothing: waits', gas(100n, 20n, 2n), 100n, 0n, { wait: { needed: 12_800n } }],
  ])('%s', (_what, estimate, baseFee, maxFee, decision) => {
    expect(decideFee(estimate, baseFee, maxFee)).toEqual(decision);
  });

  it('never sends what may cost more than the cap, nor with a premium above the fee cap', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 12n });
    const limit = fc.bigInt({ min: 1n, max: 10n ** 10n });
    fc.assert(
      fc.property(limit, amount, amount, amount, amount, (gasLimit, cap, premium, baseFee, maxFee) => {
        const estimate = gas(gasLimit, cap + premium, premium);
        const decision = decideFee(estimate, baseFee, maxFee);
        if ('wait' in decision) return decision.wait.needed > maxFee;
        const { send } = decision;
        return feeOf(send) <= maxFee && send.premium <= send.feeCap && send.feeCap > baseFee;
      }),
    );
  });
});

describe('replacementGas', () => {
  test.each([
    ['a quarter more', gas(10n, 1_000n, 100n), gas(10n, 900n, 50n), 100_000n, gas(10n, 1_000n, 125n)],
    [
      'the minimum of the network where it is more',
      gas(10n, 1_000n, 3n),
      gas(10n, 900n, 1n),
      100_000n,
      gas(10n, 1_000n, 4n),
    ],
    [
      'the market where it is more',
      gas(10n, 1_000n, 100n),
      gas(10n, 2_000n, 400n),
      100_000n,
      gas(10n, 2_000n, 400n),
    ],
    [
      'the fee cap rises with the premium',
      gas(10n, 100n, 100n),
      gas(10n, 90n, 50n),
      100_000n,
      gas(10n, 125n, 125n),
    ],
    [
      'never above the operator’s cap',
      gas(10n, 1_000n, 100n),
      gas(10n, 5_000n, 400n),
      12_000n,
      gas(10n, 1_200n, 400n),
    ],
    ['no room under the cap', gas(10n, 100n, 100n), gas(10n, 90n, 50n), 1_200n, undefined],
  ])('%s', (_what, old, estimate, maxFee, replaced) => {
    expect(replacementGas(old, estimate, maxFee)).toEqual(replaced);
  });

  it('always is one that the mempool takes and the cap allows', () => {
    const amount = fc.bigInt({ min: 0n, max: 10n ** 9n });
    const limit = fc.bigInt({ min: 1n, max: 10n ** 9n });
    fc.assert(
      fc.property(limit, amount, amount, amount, amount, amount, (l, cap, tip, cap2, tip2, maxFee) => {
        const old = gas(l, cap + tip, tip);
        const next = replacementGas(old, gas(l, cap2 + tip2, tip2), maxFee);
        if (!next) return true;
        return (
          next.premium >= (old.premium * 110n) / 100n + 1n &&
          next.premium <= next.feeCap &&
          feeOf(next) <= maxFee
        );
      }),
    );
  });
});

import { expect, test } from 'vitest';
import { type Gas, operatorGas, type ReplaceRequest } from '#chain';

const OLD: Gas = { limit: 1_000n, feeCap: 10_000n, premium: 1_000n };
const REQUEST: ReplaceRequest = {
  maxFee: 10n ** 9n,
  market: { baseFee: 1_000n, premium: 500n },
};

test.each<[string, Partial<ReplaceRequest>, Gas | RegExp]>([
  ['nothing given: a quarter more', {}, { limit: 1_000n, premium: 1_250n, feeCap: 11_042n }],
  [
    'nothing given, and the market asks more',
    { market: { baseFee: 1_000n, premium: 9_000n } },
    { limit: 1_000n, premium: 9_000n, feeCap: 19_542n },
  ],
  ['a premium', { premium: 2_000n }, { limit: 1_000n, premium: 2_000n, feeCap: 11_042n }],
  [
    'a premium above all caps raises the fee cap',
    { premium: 50_000n },
    { limit: 1_000n, premium: 50_000n, feeCap: 50_000n },
  ],
  [
    'premium and fee cap',
    { premium: 2_000n, feeCap: 30_000n },
    { limit: 1_000n, premium: 2_000n, feeCap: 30_000n },
  ],
  ['too little premium', { premium: 1_100n }, /mempools ask for 1101 attoFIL/],
  ['a premium above the fee cap', { premium: 3_000n, feeCap: 2_000n }, /above its fee cap/],
  ['more than it may cost', { feeCap: 2_000_000n }, /might cost .* the most that it may/],
  ['no room for a higher premium', { maxFee: 1_050_000n }, /mempools ask for/],
  ['a fee cap below the base fee', { feeCap: 1_200n }, /the base fee asks for/],
])('%s', (_what, change, expected) => {
  const gas = operatorGas(OLD, { ...REQUEST, ...change });
  if (expected instanceof RegExp) expect(gas).toMatch(expected);
  else expect(gas).toEqual(expected);
});

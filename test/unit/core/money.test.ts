import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatFil, parseFil } from '#core';

test.each([
  ['1', 10n ** 18n],
  ['0.5 FIL', 5n * 10n ** 17n],
  ['3 nanoFIL', 3n * 10n ** 9n],
  ['3nFIL', 3n * 10n ** 9n],
  ['7 attoFIL', 7n],
  ['1.250 picofil', 1_250_000n],
  ['0', 0n],
])('%s is %s attoFIL', (text, amount) => {
  expect(parseFil(text)).toBe(amount);
});

test.each(['', 'FIL', '-1 FIL', '1.5 attoFIL', '1e3', '1 dollar', '0.0000000000000000001', '1,5'])(
  'refuses %j with what to write instead',
  (text) => {
    expect(() => parseFil(text)).toThrow(expect.objectContaining({ code: 'MONEY_MALFORMED' }));
  },
);

test('what is formatted reads back as the same amount', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n * 10n ** 27n }), (amount) => {
      expect(parseFil(formatFil(amount))).toBe(amount);
    }),
  );
});

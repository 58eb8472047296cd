import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatCoreSet, parseCoreSet } from '#core';

test.each<[string, readonly number[] | undefined]>([
  ['0', [0]],
  ['0-3,8', [0, 1, 2, 3, 8]],
  [' 8, 0-2 ', [0, 1, 2, 8]],
  ['1,1,0-1', [0, 1]],
  ['', undefined],
  ['3-0', undefined],
  ['0-', undefined],
  ['0,,1', undefined],
  ['-1', undefined],
  ['1.5', undefined],
  ['0-99999', undefined],
  ['a', undefined],
])('"%s" is %s', (text, cores) => {
  expect(parseCoreSet(text)).toEqual(cores);
});

test('what is written is read again', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.nat(300), { minLength: 1 }), (cores) => {
      expect(parseCoreSet(formatCoreSet(cores))).toEqual(cores.toSorted((a, b) => a - b));
    }),
  );
});

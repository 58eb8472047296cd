import { expect, test } from 'vitest';
import {
  formatAge,
  formatBytes,
  formatDuration,
  renderTable,
  shorten,
  toJson,
} from '../../../src/cli/output/index.ts';

test('columns line up, numbers to the right, and a missing value shows', () => {
  const rows = [
    { name: 'a', count: 5 },
    { name: 'longer', count: null },
  ];
  const text = renderTable(rows, [
    { title: 'NAME', value: (row) => row.name },
    { title: 'COUNT', value: (row) => row.count, align: 'right' },
  ]);
  expect(text).toBe(['NAME    COUNT', 'a           5', 'longer      –'].join('\n'));
});

test('no rows still show the headings', () => {
  expect(renderTable([], [{ title: 'NAME', value: () => '' }])).toBe('NAME');
});

test('100,000 rows render', () => {
  const rows = Array.from({ length: 100_000 }, (_, i) => i);
  const text = renderTable(rows, [{ title: 'N', value: (row) => row, align: 'right' }]);
  expect(text.split('\n')).toHaveLength(100_001);
});

test.each([
  [0, '0ms'],
  [999, '999ms'],
  [4_240, '4.2s'],
  [59_000, '59s'],
  [185_000, '3m05s'],
  [10_116_947, '2h48m'],
  [1_047_600_000, '12d03h'],
])('%i ms is %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test.each([
  [0, '0 B'],
  [2048, '2 KiB'],
  [1536, '1.5 KiB'],
  [34_359_738_368, '32 GiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test('ages and short names', () => {
  expect(formatAge(null)).toBe('never');
  expect(formatAge(new Date(1000), new Date(5200))).toBe('4.2s');
  expect(shorten('baga6ea4seaqabcdefghijklmnop')).toBe('baga6ea4…mnop');
  expect(shorten('short')).toBe('short');
});

test('money and bytes survive JSON', () => {
  expect(JSON.parse(toJson({ fee: 10n ** 30n, bytes: Uint8Array.of(1, 255) }))).toEqual({
    fee: '1000000000000000000000000000000',
    bytes: '01ff',
  });
});

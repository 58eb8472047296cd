import { expect, test } from 'vitest';
import { SECTOR_SIZES } from '#core';
import { allParameterSets, findParameterFile, knownBytes, neededFiles, neededSets } from '#params';

test('there is a set of each circuit and sector size, and one reference string', () => {
  const sets = allParameterSets();
  expect(sets).toHaveLength(4 * SECTOR_SIZES.length + 1);
  const files = sets.flatMap((set) => set.files);
  expect(new Set(files.map((file) => file.name)).size).toBe(files.length);
  expect(new Set(files.map((file) => file.published.cid)).size).toBe(files.length);
  for (const { name, published } of files) {
    expect(name).toMatch(/^v28-[a-z0-9_-]+\.(params|vk|srs)$/);
    expect(published.cid).toMatch(/^Qm[1-9A-HJ-NP-Za-km-z]{44}$/);
    expect(published.digest).toMatch(/^[0-9a-f]{32}$/);
    expect(findParameterFile(name)?.published).toEqual(published);
  }
});

test('sealing and proving need three sets a sector size; updates and aggregation more', () => {
  const kinds = (needs: Parameters<typeof neededSets>[0]) => neededSets(needs).map(({ kind }) => kind);
  expect(kinds({ sizes: ['32GiB'] })).toEqual(['porep', 'winning-post', 'window-post']);
  expect(kinds({ sizes: ['2KiB', '8MiB'] })).toHaveLength(6);
  expect(kinds({ sizes: ['2KiB'], updates: true })).toContain('empty-sector-update');
  expect(kinds({ sizes: [], aggregation: true })).toEqual(['srs']);
  expect(kinds({ sizes: [] })).toEqual([]);
});

test('a machine that only verifies needs no parameters', () => {
  const files = neededFiles({ sizes: ['2KiB'], aggregation: true, verifyOnly: true });
  expect(files.map(({ name }) => name.split('.').at(-1))).toEqual(['vk', 'vk', 'vk', 'srs']);
});

test('the size of the 2KiB sets is known beforehand', () => {
  expect(knownBytes(neededFiles({ sizes: ['2KiB'] }))).toBe(
    1_114_707_768 + 4_708 + 47_299_128 + 13_636 + 11_501_496 + 3_076,
  );
});

test('a name of no file is not found', () => {
  expect(findParameterFile('../v28.params')).toBeUndefined();
});

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { payloadOf } from '#pieces';
import { createTestFolder } from '#testing';
import { checkDemoFile, fitProblem } from '../../../scripts/setup/demo-file.mjs';

const SMALL = payloadOf(2 * 1024);
const LARGE = payloadOf(8 * 1024 * 1024);

test.each([
  [1, '2KiB', undefined],
  [SMALL, '2KiB', undefined],
  [LARGE, '8MiB', undefined],
  [0, '2KiB', /empty.*--help/],
  [SMALL + 1, '2KiB', /2,033 bytes.*takes 2,032 .*--sector-size 8MiB.*8,323,072/],
  [LARGE + 1, '2KiB', /8,323,073 bytes.*smaller file.*8MiB, take 8,323,072/],
  [LARGE + 1, '8MiB', /8,323,073 bytes.*smaller file/],
] as const)('%i bytes in a sector of %s', (bytes, size, expected) => {
  const problem = fitProblem(bytes, size);
  if (expected) expect(`${problem?.message} ${problem?.cure}`).toMatch(expected);
  else expect(problem).toBeUndefined();
});

test('what is no file is named', async () => {
  await using folder = await createTestFolder();
  const file = join(folder.path, 'file');
  await writeFile(file, 'data');
  expect(() => checkDemoFile(file, '2KiB')).not.toThrow();
  expect(() => checkDemoFile(folder.path, '2KiB')).toThrow('no regular file');
  expect(() => checkDemoFile(join(folder.path, 'none'), '2KiB')).toThrow('no such file');
});

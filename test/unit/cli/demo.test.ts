import { describe, expect, test } from 'vitest';
import { batchSettings } from '../../../src/cli/demo/batching.ts';
import { runsOf } from '../../../src/cli/demo/messages-table.ts';
import { readDemoOptions } from '../../../src/cli/demo/options.ts';

const settingsOf = (sectors: number, file?: string, devices?: number) =>
  Object.fromEntries(batchSettings({ sectors, file, devices }).map(([name, , value]) => [name, value]));

describe('the demo’s batches', () => {
  test.each([
    [2, undefined, '2', '10m'],
    [8, undefined, '8', '24m'],
    [8, '/a/file', '9', '27m'],
    [64, undefined, '64', '192m'],
    [100, undefined, '50', '5m'],
    [1000, undefined, '63', '5m'],
  ])('%i sectors and the file %s leave %s at a time, or after %s', (sectors, file, max, wait) => {
    expect(settingsOf(sectors, file)).toEqual({
      'batch.precommit.max': max,
      'batch.precommit.wait': wait,
      'batch.commit.max': max,
      'batch.commit.wait': wait,
    });
  });

  test('with devices each leaves as it comes', () => {
    expect(settingsOf(3, undefined, 2)).toEqual({});
  });
});

test.each([
  [[], false],
  [['--sectors', '3'], false],
  [['--sectors', '4'], true],
  [['--sectors', '8', '--no-faults'], false],
] as const)('faults with %j: %s', (argv, faults) => {
  expect(readDemoOptions(argv).faults).toBe(faults);
});

test.each([
  [[], ''],
  [[3], '3'],
  [[2, 0, 1, 5], '0–2, 5'],
])('members %j are shown as %s', (numbers, text) => {
  expect(runsOf(numbers)).toBe(text);
});

import { expect, test } from 'vitest';
import { parseSettingValue } from '#config';
import { cpuDevices } from '#local';

test.each<[number, number[], string]>([
  [1, [0, 1], 'cpu:0 cores=0-1'],
  [2, [0, 1], 'cpu:0 cores=0, cpu:1 cores=1'],
  [3, [0, 1, 2, 3, 8, 9, 10], 'cpu:0 cores=0-1, cpu:1 cores=2-3, cpu:2 cores=8-10'],
])('%i devices on cores %j', (count, cores, expected) => {
  expect(cpuDevices(count, cores)).toBe(expected);
  expect(parseSettingValue('worker.devices', expected)).toHaveLength(count);
});

test('no core is shared out twice: more devices than cores are refused', () => {
  expect(() => cpuDevices(3, [0, 1])).toThrow(/this machine has 2 cores/);
});

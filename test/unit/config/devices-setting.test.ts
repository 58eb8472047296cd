import { expect, test } from 'vitest';
import { parseSettingValue } from '#config';

const GPU = 'GPU-8f2c1d34-0000-4abc-9def-0123456789ab';
const OTHER = 'GPU-00000000-1111-2222-3333-444444444444';
const cpu = (id: string, cores: number[], slots?: number) => ({ id, kind: 'cpu', cores, slots });
const gpu = (id: string, slots?: number) => ({ id, kind: 'gpu', cores: undefined, slots });

test.each<[string, unknown]>([
  ['auto', 'auto'],
  [' none ', 'none'],
  ['cpu:0 cores=0', [cpu('cpu:0', [0])]],
  ['cpu:0 cores=0-3, cpu:1 cores=4-7 slots=2', [cpu('cpu:0', [0, 1, 2, 3]), cpu('cpu:1', [4, 5, 6, 7], 2)]],
  ['cpu:a cores=0-1,8,cpu:b cores=2,', [cpu('cpu:a', [0, 1, 8]), cpu('cpu:b', [2])]],
  [`${GPU} slots=2, ${OTHER}`, [gpu(GPU, 2), gpu(OTHER)]],
  [GPU.toUpperCase(), [gpu(GPU)]],
  [`${GPU} cores=0-15`, [{ ...gpu(GPU), cores: [...Array(16).keys()] }]],
])('worker.devices "%s" is understood', (text, devices) => {
  expect(parseSettingValue('worker.devices', text)).toEqual(devices);
});

test.each<[string, RegExp]>([
  ['', /auto, none, or a list/],
  ['gpu0', /must be auto, none, a GPU's UUID/],
  ['GPU-1234', /must be auto, none, a GPU's UUID/],
  ['auto, cpu:0 cores=0', /"auto" must be/],
  ['cpu:0', /cpu:0 needs its cores/],
  ['cpu:0 cores=', /cores of cpu:0 must be a set/],
  ['cpu:0 cores=3-1', /cores of cpu:0 must be a set/],
  ['cpu:0 cores=x', /cores of cpu:0 must be a set/],
  ['cpu:0 cores=0 slots=0', /slots of cpu:0 must be a whole number from 1/],
  ['cpu:0 cores=0 slots=-1', /slots of cpu:0 must be a whole number from 1/],
  ['cpu:0 cores=0 slots=1.5', /slots of cpu:0 must be a whole number from 1/],
  ['cpu:0 cores=0 slots=1 slots=2', /once each/],
  ['cpu:0 cores=0 memory=3', /only cores=SET and slots=N/],
  ['cpu:0 cores=0, cpu:0 cores=1', /two devices must not have one id: cpu:0/],
  [`${GPU}, ${GPU}`, /two devices must not have one id/],
  ['cpu:0 cores=0-3, cpu:1 cores=3-5', /core 3 must not belong to both cpu:0 and cpu:1/],
])('worker.devices "%s" is refused', (text, why) => {
  expect(() => parseSettingValue('worker.devices', text)).toThrow(why);
});

test('devices that are out are a list of ids, each once', () => {
  expect(parseSettingValue('worker.devices_out', '')).toEqual([]);
  expect(parseSettingValue('worker.devices_out', `cpu:0, ${GPU} , cpu:0`)).toEqual(['cpu:0', GPU]);
  expect(() => parseSettingValue('worker.devices_out', 'all')).toThrow(/"all" must be/);
});

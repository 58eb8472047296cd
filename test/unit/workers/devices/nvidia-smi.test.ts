import { afterEach, beforeEach, expect, test } from 'vitest';
import { createTestFolder, type TestFolder } from '#testing';
import { lookAtGpus, parseGpus } from '../../../../workers/devices/nvidia-smi.ts';
import { FakeNvidiaSmi, GPU_A, GPU_B, gpuRow } from './fake-nvidia-smi.ts';

let folder: TestFolder;
let tool: FakeNvidiaSmi;
beforeEach(async () => {
  folder = await createTestFolder();
  tool = new FakeNvidiaSmi(folder.path);
});
afterEach(() => folder.remove());

test('GPUs are read from the list, with what a dead one says in place of an answer', () => {
  const gpus = parseGpus(
    `${gpuRow(GPU_A)}\n${gpuRow(GPU_B, 'NVIDIA A40, [GPU is lost], [GPU is lost]')}\n\n`,
  );
  expect(gpus).toEqual([
    { uuid: GPU_A, name: 'NVIDIA GeForce RTX 3080', memory: 10_737_418_240, trouble: undefined },
    { uuid: GPU_B, name: 'NVIDIA A40', memory: undefined, trouble: '[GPU is lost]' },
  ]);
});

test.each([
  ['[Unknown Error]', 'trouble'],
  ['ERR!', 'trouble'],
  ['[GPU requires reset]', 'trouble'],
  ['[N/A]', undefined],
  ['[Not Supported]', undefined],
])('a field %s means %s', (field, trouble) => {
  const [gpu] = parseGpus(gpuRow(GPU_A, `NVIDIA A40, 45634, ${field}`));
  expect(gpu?.trouble).toBe(trouble && field);
});

test('a machine without GPUs lists none', () => {
  expect(parseGpus('No devices were found\n')).toEqual([]);
  expect(parseGpus('')).toEqual([]);
});

test.each(['something else', 'GPU-1, A40, 1, P0', `${GPU_A}, A40`])('"%s" is no list of GPUs', (text) => {
  expect(() => parseGpus(text)).toThrow(/nvidia-smi failed: it printed/);
});

test('a look at a machine without the tool finds no tool', async () => {
  expect(await lookAtGpus(`${folder.path}/nowhere`)).toEqual({ status: 'no-tool' });
});

test('a look finds what the tool lists', async () => {
  tool.lists(gpuRow(GPU_A), gpuRow(GPU_B));
  const look = await lookAtGpus(tool.path);
  expect(look.status === 'seen' && look.gpus.map((gpu) => gpu.uuid)).toEqual([GPU_A, GPU_B]);
});

test('a tool that fails says why; what it listed before still counts', async () => {
  const words = 'Unable to determine the device handle for GPU 0000:05:00.0: GPU is lost.  Reboot the system';
  tool.fails(15, words);
  expect(await lookAtGpus(tool.path)).toEqual({ status: 'failed', detail: words });
  tool.fails(15, words, gpuRow(GPU_B));
  const look = await lookAtGpus(tool.path);
  expect(look.status === 'seen' && look.gpus.map((gpu) => gpu.uuid)).toEqual([GPU_B]);
});

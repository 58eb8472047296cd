import { describe, expect, test } from 'vitest';
import { parseSettingValue } from '#config';
import { inventory, type MachineFacts } from '../../../../workers/devices/inventory.ts';
import type { FoundGpu } from '../../../../workers/devices/nvidia-smi.ts';
import { GPU_A, GPU_B } from './fake-nvidia-smi.ts';

const found = (uuid: string, trouble?: string): FoundGpu => ({ uuid, name: 'A40', memory: 1, trouble });
const seen = (...gpus: FoundGpu[]) => ({ status: 'seen' as const, gpus });
const known = [{ uuid: GPU_A, name: 'A40' }];

function list(changes: Partial<MachineFacts> & { readonly text?: string }) {
  const { text = 'auto', ...rest } = changes;
  const facts: MachineFacts = {
    declared: parseSettingValue('worker.devices', text) as MachineFacts['declared'],
    slots: 1,
    look: { status: 'no-tool' },
    known: [],
    cores: [0, 1, 2, 3],
    gpuBuilt: true,
    ...rest,
  };
  return inventory(facts).map(({ id, slots, cores, absent }) => [id, slots, cores, absent]);
}

describe('auto', () => {
  test.each<[string, Partial<MachineFacts>, unknown[]]>([
    ['a machine without the tool has no devices', {}, []],
    [
      'every GPU that is listed is one',
      { look: seen(found(GPU_A), found(GPU_B)), slots: 2 },
      [
        [GPU_A, 2, undefined, undefined],
        [GPU_B, 2, undefined, undefined],
      ],
    ],
    ['a sealer without GPU support has none to lose', { look: seen(found(GPU_A)), gpuBuilt: false }, []],
    [
      'one that was there and is gone is out of service',
      { look: seen(), known },
      [[GPU_A, 1, undefined, 'nvidia-smi does not list it']],
    ],
    [
      'so it is when the tool itself is gone',
      { known },
      [[GPU_A, 1, undefined, 'there is no nvidia-smi on this machine']],
    ],
    [
      'or fails',
      { known, look: { status: 'failed', detail: 'no driver' } },
      [[GPU_A, 1, undefined, 'nvidia-smi failed: no driver']],
    ],
    [
      'or when the sealer was replaced by one without GPU support',
      { known, look: seen(found(GPU_A)), gpuBuilt: false },
      [[GPU_A, 1, undefined, 'the sealer of this machine is built without GPU support']],
    ],
    [
      'one in trouble is out of service',
      { look: seen(found(GPU_A, '[GPU is lost]')) },
      [[GPU_A, 1, undefined, 'nvidia-smi says [GPU is lost]']],
    ],
  ])('%s', (_what, facts, expected) => {
    expect(list(facts)).toEqual(expected);
  });
});

test('none is none, whatever is there', () => {
  expect(list({ text: 'none', look: seen(found(GPU_A)), known })).toEqual([]);
});

describe('declared', () => {
  test('cores stand for a device, those that the machine lacks are told', () => {
    const text = 'cpu:0 cores=0-1 slots=2, cpu:1 cores=3-4, cpu:2 cores=8-9';
    expect(list({ text })).toEqual([
      ['cpu:0', 2, '0-1', undefined],
      ['cpu:1', 1, '3-4', 'core 4 is not among those of this machine (0-3)'],
      ['cpu:2', 1, '8-9', 'cores 8-9 are not among those of this machine (0-3)'],
    ]);
  });

  test('only the GPUs that are named are used, and one that does not exist is told', () => {
    expect(list({ text: `${GPU_B}`, look: seen(found(GPU_A)), known })).toEqual([
      [GPU_B, 1, undefined, 'nvidia-smi does not list it'],
    ]);
    expect(list({ text: `${GPU_A}` })).toEqual([
      [GPU_A, 1, undefined, 'there is no nvidia-smi on this machine'],
    ]);
    expect(list({ text: `${GPU_A}`, look: seen(found(GPU_A)), gpuBuilt: false })).toEqual([
      [GPU_A, 1, undefined, 'the sealer of this machine is built without GPU support'],
    ]);
  });
});

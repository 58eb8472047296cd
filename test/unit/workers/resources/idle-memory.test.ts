import { expect, test } from 'vitest';
import type { DeviceView } from '#sched';
import { idleMemory } from '../../../../workers/resources/index.ts';

const device = (id: string, slots: number, held: DeviceView['held'] = []): DeviceView => ({
  id,
  slots,
  held,
  reservedForPost: 0,
});
const idle = (of: 'cpu' | 'prover', pid: number, seat?: { device: string; slot: number }) => ({
  class: of,
  ...(seat ? { seat } : {}),
  process: { bootId: 'boot', pid, startTime: 1 },
});
/** A process takes as much as its number says. */
const taken = (pid: number) => pid;

test('without devices: the least of the idle processes of the phase’s class', () => {
  const memory = idleMemory([idle('cpu', 30), idle('cpu', 20), idle('prover', 900)], [], taken);
  expect(memory).toMatchObject({ 'add-piece': 20, precommit2: 20, commit2: 900 });
  expect(memory.landing).toBeUndefined();
});

test('a process that is bound to cores serves PC1 on these alone', () => {
  const bound = { ...idle('cpu', 30), cores: { cpus: '0-3', producers: 3 } };
  expect(idleMemory([bound], [], taken)).toEqual({});
});

test('with devices: only when every free slot has a process of its own', () => {
  const seated = idle('prover', 700, { device: 'GPU-a', slot: 0 });
  const memory = idleMemory([seated, idle('cpu', 20)], [device('GPU-a', 1)], taken);
  expect(memory).toMatchObject({ precommit2: 700, commit2: 700, 'add-piece': 20 });
  expect(idleMemory([seated], [device('GPU-a', 1), device('GPU-b', 1)], taken).commit2).toBeUndefined();
  expect(idleMemory([seated], [device('GPU-a', 1), device('GPU-b', 1, ['commit2'])], taken).commit2).toBe(
    700,
  );
});

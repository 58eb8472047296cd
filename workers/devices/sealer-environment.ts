import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SealerProgram } from '#sealer';
import type { Device } from './inventory.ts';

/** CUDA sees nothing, bellperson asks for nothing, and the trees are built on the CPU. */
const NO_GPU = {
  CUDA_VISIBLE_DEVICES: '',
  BELLMAN_NO_GPU: '1',
  FIL_PROOFS_USE_GPU_TREE_BUILDER: '0',
} as const;

/** A sealer that holds no slot: it must not open a context on a GPU that others work with. */
export function withoutGpu(program: SealerProgram): SealerProgram {
  return { ...program, env: { ...program.env, ...NO_GPU } };
}

/**
 * The sealer of a device's slot. It sees that device alone, and its temporary folder is the device's: bellperson's
 * locks are files there, so that whatever runs on one GPU shares them, and two GPUs never wait for each other.
 * `FIL_PROOFS_USE_GPU_TREE_BUILDER` switches both of PC2's builders; the variable for columns has no effect.
 * @param folder the folder of all devices of this machine
 */
export function onDevice(
  program: SealerProgram,
  device: Pick<Device, 'id' | 'kind' | 'cores'>,
  folder: string,
): SealerProgram {
  const { id, kind, cores } = device;
  const temporary = deviceFolder(folder, id);
  mkdirSync(temporary, { recursive: true, mode: 0o700 });
  const sight =
    kind === 'gpu'
      ? { CUDA_VISIBLE_DEVICES: id, BELLMAN_NO_GPU: '0', FIL_PROOFS_USE_GPU_TREE_BUILDER: '1' }
      : NO_GPU;
  return {
    ...program,
    env: { ...program.env, ...sight, TMPDIR: temporary },
    ...(cores === undefined ? {} : { cpus: cores }),
  };
}

/** The temporary folder of all that runs on a device. */
export function deviceFolder(folder: string, id: string): string {
  return join(folder, id.replace(':', '-'));
}

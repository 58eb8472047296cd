import type { DeclaredDevice, DeclaredDevices } from '#config';
import { formatCoreSet } from '#core';
import type { GpuLook } from './nvidia-smi.ts';

/** A device of this host, whether it can be used or not. */
export interface Device {
  readonly id: string;
  readonly kind: 'gpu' | 'cpu';
  /** The GPU's model; undefined for cores, and for a GPU that was never seen. */
  readonly name: string | undefined;
  readonly slots: number;
  /** `0-3,8`; undefined: its sealers may run on all. */
  readonly cores: string | undefined;
  /** Why the machine cannot offer it; undefined: it is there. */
  readonly absent: string | undefined;
}

/** A GPU that this host has had. */
export interface KnownGpu {
  readonly uuid: string;
  readonly name: string;
}

export interface MachineFacts {
  readonly declared: DeclaredDevices;
  /** Slots of a device that does not say. */
  readonly slots: number;
  readonly look: GpuLook;
  readonly known: readonly KnownGpu[];
  /** Cores that this agent's processes may run on. */
  readonly cores: readonly number[];
  /** Whether the sealer can use a GPU at all; undefined: not asked yet. */
  readonly gpuBuilt: boolean | undefined;
}

const NOT_BUILT = 'the sealer of this machine is built without GPU support';

/**
 * The devices of a host. What is declared, or was there once, and cannot be used now is in the list with its reason:
 * a GPU that is gone never turns into a silent run on the CPU.
 */
export function inventory(facts: MachineFacts): readonly Device[] {
  const { declared } = facts;
  if (declared === 'none') return [];
  if (declared !== 'auto') return declared.map((device) => declaredDevice(device, facts));
  const found = facts.look.status === 'seen' ? facts.look.gpus : [];
  // A sealer that never could use a GPU does not lose one: there PC2 and C2 run on the CPU as on any machine.
  const usable = facts.gpuBuilt === false ? [] : found.map((gpu) => gpu.uuid);
  const ids = new Set([...facts.known.map((gpu) => gpu.uuid), ...usable]);
  return [...ids].map((id) => declaredDevice({ id, kind: 'gpu', cores: undefined, slots: undefined }, facts));
}

function declaredDevice(device: DeclaredDevice, facts: MachineFacts): Device {
  const { id, kind } = device;
  const found = facts.look.status === 'seen' ? facts.look.gpus.find((gpu) => gpu.uuid === id) : undefined;
  return {
    id,
    kind,
    name: found?.name ?? facts.known.find((gpu) => gpu.uuid === id)?.name,
    slots: device.slots ?? facts.slots,
    cores: device.cores && formatCoreSet(device.cores),
    absent: missingCores(device, facts.cores) ?? (kind === 'gpu' ? missingGpu(id, facts) : undefined),
  };
}

function missingCores(device: DeclaredDevice, there: readonly number[]): string | undefined {
  const missing = (device.cores ?? []).filter((core) => !there.includes(core));
  if (missing.length === 0) return undefined;
  const which = missing.length === 1 ? `core ${missing[0]} is` : `cores ${formatCoreSet(missing)} are`;
  return `${which} not among those of this machine (${formatCoreSet(there)})`;
}

function missingGpu(id: string, { look, gpuBuilt }: MachineFacts): string | undefined {
  switch (look.status) {
    case 'no-tool':
      return 'there is no nvidia-smi on this machine';
    case 'failed':
      return `nvidia-smi failed: ${look.detail}`;
    case 'seen': {
      const gpu = look.gpus.find((one) => one.uuid === id);
      if (!gpu) return 'nvidia-smi does not list it';
      if (gpu.trouble !== undefined) return `nvidia-smi says ${gpu.trouble}`;
      return gpuBuilt === false ? NOT_BUILT : undefined;
    }
  }
}

import { z } from 'zod';
import type { Settings } from '#config';
import {
  isSectorSize,
  PHASE_NAMES,
  type Phase,
  SECTOR_SIZES,
  type SectorSizeName,
  sealProof,
  sectorBytes,
} from '#core';
import { listMiners, type WorkerRow } from '#db';
import { type HostSize, memoryNeed, ruleOfThumbSpace, type SectorCost, sectorPeak } from '#sched';
import type { CliContext } from './context.ts';

/** What a worker said of its machine when it registered; an older or newer one may say something else. */
const capabilities = z.looseObject({
  version: z.string().optional(),
  proofs_version: z.string().optional(),
  cpu: z.object({ model: z.string(), logical: z.number() }).optional(),
  memory_bytes: z.number().optional(),
  gpu: z.object({ devices: z.array(z.unknown()) }).optional(),
  /** Of a worker whose sealer only plays one. */
  stand_in: z.string().optional(),
  profile: z.string().optional(),
  speed: z.number().optional(),
  hardware: z
    .object({
      cpu: z.string(),
      cores: z.number(),
      threads: z.number(),
      l3Groups: z.array(z.string()),
      numaNodes: z.number(),
      memory: z.number(),
      workspace: z.object({ path: z.string(), capacity: z.number(), free: z.number() }).nullable(),
    })
    .optional(),
});
export type Capabilities = z.infer<typeof capabilities>;

/** What its last heartbeat said of devices and disk. */
const report = z.looseObject({
  devices: z.array(z.object({ id: z.string(), slots: z.number() })).optional(),
  scratch: z.object({ capacity: z.number() }).optional(),
});

export function capabilitiesOf(worker: WorkerRow): Capabilities | undefined {
  const known = capabilities.safeParse(worker.capabilities);
  return known.success ? known.data : undefined;
}

/** How much sealing the machine holds, with what its settings keep free; undefined when it has said nothing of itself. */
export function hostSizeOf(worker: WorkerRow, settings: Settings): HostSize | undefined {
  const { hardware, gpu } = capabilitiesOf(worker) ?? {};
  if (!hardware) return undefined;
  const last = report.safeParse(worker.report);
  const devices = (last.success ? last.data.devices : undefined) ?? [];
  const gpus = devices.filter((device) => device.id.startsWith('GPU-')).length;
  const whom = { worker: worker.name };
  const capacity = (last.success ? last.data.scratch?.capacity : undefined) ?? hardware.workspace?.capacity;
  return {
    memory: hardware.memory,
    memoryKeepFree: settings.get('worker.memory_keep_free', whom),
    cores: hardware.cores,
    l3Groups: hardware.l3Groups.length,
    gpus: devices.length > 0 ? gpus : (gpu?.devices.length ?? 0),
    slots: devices.length > 0 ? devices.reduce((sum, device) => sum + device.slots, 0) : undefined,
    scratch: capacity ? { capacity, keepFree: settings.get('worker.scratch_keep_free', whom) } : undefined,
  };
}

/** The largest sectors that the fleet's miners seal; 32 GiB while there is none. */
export async function largestSectorSize(context: CliContext): Promise<SectorSizeName> {
  const sizes = (await listMiners(context.database.kysely)).map((miner) => miner.sector_size);
  return SECTOR_SIZES.findLast((size) => sizes.some((one) => isSectorSize(one) && one === size)) ?? '32GiB';
}

/**
 * What a sector costs on a worker by its settings.
 * @param space without a setting: `files`, what its files take at their peak, or `rule`, the operators' rule of thumb
 */
export function sectorCost(
  settings: Settings,
  worker: string,
  size: SectorSizeName,
  space: 'files' | 'rule',
): SectorCost {
  const memory = Object.fromEntries(
    PHASE_NAMES.map((phase) => [
      phase,
      memoryNeed(phase, [size], settings.get(`worker.memory.${phase}`, { worker })),
    ]),
  ) as Record<Phase, number>;
  const said = settings.get('worker.sector_space', { worker })[size];
  const files = sectorPeak(sealProof(size, 'interactive'));
  const rule = Math.max(files, ruleOfThumbSpace(sectorBytes(size)));
  return { size, memory, space: said ?? (space === 'rule' ? rule : files) };
}

import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { readJson, writeJsonDurably } from '#sealer';
import { CLEAN, type DeviceRecord } from './failure-policy.ts';
import type { KnownGpu } from './inventory.ts';

/** What a host remembers of its devices over restarts. */
export interface DeviceMemory {
  readonly gpus: readonly KnownGpu[];
  readonly records: ReadonlyMap<string, DeviceRecord>;
}

const memoryFile = z.object({
  format: z.literal(1),
  gpus: z.array(z.object({ uuid: z.string(), name: z.string() })),
  devices: z.array(
    z.object({
      id: z.string(),
      failures: z.number().int().nonnegative(),
      suspicions: z.number().int().nonnegative(),
      out: z.object({ reason: z.string(), tryAt: z.number() }).nullable(),
    }),
  ),
});

/** An absent or broken file is an empty memory: the devices that are there are found again. */
export async function readDeviceMemory(path: string): Promise<DeviceMemory> {
  const file = memoryFile.safeParse(await readJson(path));
  if (!file.success) return { gpus: [], records: new Map() };
  const records = file.data.devices.map(
    ({ id, out, ...counts }) => [id, { ...counts, out: out ?? undefined }] as const,
  );
  return { gpus: file.data.gpus, records: new Map(records) };
}

export async function writeDeviceMemory(path: string, { gpus, records }: DeviceMemory): Promise<void> {
  const worthKeeping = [...records].filter(
    ([, { failures, suspicions, out }]) => out || failures + suspicions > 0,
  );
  const devices = worthKeeping.map(([id, record]) => ({ ...CLEAN, ...record, id, out: record.out ?? null }));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await writeJsonDurably(path, { format: 1, gpus, devices });
}

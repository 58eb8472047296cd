import { z } from 'zod';
import { isPhase, type Phase } from '#core';
import type { HostReport } from './host-report.ts';
import type { RefusalCode, SlotUse } from './host-view.ts';

const counts = z
  .record(z.string(), z.number())
  .transform(
    (given) =>
      Object.fromEntries(Object.entries(given).filter(([phase]) => isPhase(phase))) as Partial<
        Record<Phase, number>
      >,
  );
const phases = z.array(z.string()).transform((given) => given.filter((phase) => isPhase(phase)));

/** Agents of another version may say more, or not everything: phases that are not known here are passed over. */
const REPORT = z.object({
  running: counts,
  limits: counts,
  sectors: z.number(),
  maxSectors: z.number(),
  devices: z.array(
    z.object({
      id: z.string(),
      slots: z.number().int().min(0).max(1_000),
      held: z.array(z.string().transform((use) => use as SlotUse)),
      reservedForPost: z.number(),
      outOfService: z.string().optional(),
    }),
  ),
  memory: z.object({ total: z.number(), available: z.number(), promised: z.number() }).optional(),
  scratch: z.object({ capacity: z.number(), free: z.number(), reserved: z.number() }).optional(),
  takes: phases,
  takesFleet: phases.optional(),
  refusals: z
    .array(z.object({ phase: z.string(), code: z.string(), reason: z.string() }))
    .transform((given) =>
      given.flatMap(({ phase, code, reason }) =>
        isPhase(phase) ? [{ phase, code: code as RefusalCode, reason }] : [],
      ),
    ),
  wants: z.number().int().min(0),
});

/** A worker's report as the database has it; undefined when it is none, or not one that this version understands. */
export function readHostReport(value: unknown): HostReport | undefined {
  const read = REPORT.safeParse(value);
  if (!read.success) return undefined;
  const { memory, scratch, takesFleet, devices, ...rest } = read.data;
  return {
    ...rest,
    devices: devices.map(({ outOfService, ...device }) => ({
      ...device,
      ...(outOfService === undefined ? {} : { outOfService }),
    })),
    ...(memory ? { memory } : {}),
    ...(scratch ? { scratch } : {}),
    ...(takesFleet ? { takesFleet } : {}),
  };
}

import { z } from 'zod';
import { BeeproError } from '#core';
import { findWorker, listWorkers, type WorkerRow } from '#db';
import type { CliContext } from './context.ts';

/** The devices in what a worker said of itself; an older worker says nothing of them. */
const reported = z.object({
  devices: z.array(
    z.object({
      id: z.string(),
      name: z.string().optional(),
      slots: z.number(),
      held: z.array(z.string()),
      reservedForPost: z.number(),
      outOfService: z.string().optional(),
    }),
  ),
});

export type DeviceRow = z.infer<typeof reported>['devices'][number] & { readonly worker: string };

/** @throws BeeproError `NOT_FOUND` */
export async function listDevices(context: CliContext, name: string | undefined): Promise<DeviceRow[]> {
  const { kysely } = context.database;
  return (name === undefined ? await listWorkers(kysely) : [await requireWorker(context, name)]).flatMap(
    devicesOf,
  );
}

/**
 * The device as its worker last said; undefined when it says nothing of it and an operator has named it all the same.
 * @throws BeeproError `NOT_FOUND`
 */
export async function requireDevice(
  context: CliContext,
  name: string,
  id: string,
): Promise<DeviceRow | undefined> {
  const devices = devicesOf(await requireWorker(context, name));
  const device = devices.find((one) => one.id === id);
  const settings = await context.settings();
  if (!device && !settings.get('worker.devices_out', { worker: name }).includes(id)) {
    throw new BeeproError('NOT_FOUND', { what: `device of ${name}`, name: id });
  }
  return device;
}

async function requireWorker(context: CliContext, name: string): Promise<WorkerRow> {
  const worker = await findWorker(context.database.kysely, name);
  if (!worker) throw new BeeproError('NOT_FOUND', { what: 'worker', name });
  return worker;
}

function devicesOf({ name, report }: WorkerRow): DeviceRow[] {
  const known = reported.safeParse(report);
  return known.success ? known.data.devices.map((device) => ({ ...device, worker: name })) : [];
}

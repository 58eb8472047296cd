import type { Command } from 'commander';
import { operator } from '../arguments.ts';
import { type JsonOption, printDone, printRows, withJson } from '../command-io.ts';
import { type CliContext, withContext } from '../context.ts';

/** `beepro worker device …`. */
export function registerWorkerDevice(worker: Command): void {
  const device = worker
    .command('device')
    .description('GPUs, and cores that stand for one, whose slots PC2 and C2 take');

  withJson(device.command('list').argument('[worker]'))
    .description('devices as their workers last said: slots, what holds them, and why one is out of service')
    .action((name: string | undefined, options: JsonOption) =>
      withContext(async (context) => {
        const { listDevices } = await import('../device-format.ts');
        printRows(
          await listDevices(context, name),
          [
            { title: 'WORKER', value: (row) => row.worker },
            { title: 'DEVICE', value: (row) => row.id },
            { title: 'NAME', value: (row) => row.name },
            { title: 'SLOTS', value: (row) => row.slots, align: 'right' },
            { title: 'POST', value: (row) => row.reservedForPost || null, align: 'right' },
            { title: 'HELD', value: (row) => row.held.join(', ') },
            {
              title: 'STATE',
              value: (row) => (row.outOfService ? `out: ${row.outOfService}` : 'in service'),
            },
          ],
          {
            ...options,
            fit: true,
            none: 'No worker has devices: PC2 and C2 run on the CPU, within their limits.',
          },
        );
      }),
    );

  withJson(device.command('out').argument('<worker>').argument('<device>'))
    .description('start nothing new on a device; what runs there ends')
    .addHelpText('after', '\nExample:\n  beepro worker device out host-a cpu:1')
    .action((name: string, id: string, options: JsonOption) =>
      withContext((context) => take(context, { name, id, isOut: true }, options)),
    );

  withJson(device.command('in').argument('<worker>').argument('<device>'))
    .description('let a device serve again that was taken out; one that failed comes back by its self-test')
    .action((name: string, id: string, options: JsonOption) =>
      withContext((context) => take(context, { name, id, isOut: false }, options)),
    );
}

interface Taking {
  readonly name: string;
  readonly id: string;
  readonly isOut: boolean;
}

async function take(context: CliContext, { name, id, isOut }: Taking, options: JsonOption): Promise<void> {
  const { setSetting } = await import('#config');
  const { requireDevice } = await import('../device-format.ts');
  const device = await requireDevice(context, name, id);
  const settings = await context.settings();
  const now = settings.get('worker.devices_out', { worker: name });
  const next = isOut ? [...new Set([...now, id])] : now.filter((one) => one !== id);
  const request = {
    name: 'worker.devices_out',
    scope: `worker:${name}`,
    value: next.join(', '),
    who: operator(),
  };
  const changed =
    now.includes(id) === isOut
      ? undefined
      : await setSetting(context.database, request, await context.wake());
  const failed = !isOut && !now.includes(id) ? device?.outOfService : undefined;
  const sentence = failed
    ? `${id} of ${name} was not taken out by an operator: ${failed}.`
    : `${id} of ${name} ${isOut ? 'takes nothing new' : 'serves again'}${changed ? '' : ' already'}.`;
  printDone(sentence, { worker: name, device: id, out: isOut, changed: changed !== undefined }, options);
}

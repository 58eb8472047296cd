import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { BeeproError, toBeeproError } from '#core';
import type { Logger } from '#log';
import type { SealerConnection, Sealers } from '#sealer';
import type { HeldSeat, HostDevices } from './host-devices.ts';
import type { Device } from './inventory.ts';

/** How often this machine's GPUs are looked for, in ms. */
const LOOK_MS = 30_000;
/** How often it is looked whether a self-test is due, in ms. */
const DUE_MS = 500;
/** A 2 KiB sector takes seconds; the first run on a GPU may compile its kernels. */
const SELF_TEST_MS = 10 * 60_000;

interface Modules {
  readonly devices: HostDevices;
  readonly pool: Sealers;
  readonly log: Logger;
  /** A folder of its own for the sectors of self-tests. */
  readonly scratch: string;
  readonly hostEpoch: () => number;
  readonly held: () => readonly HeldSeat[];
  /** Two looks in a row have not found a GPU that jobs run on. */
  readonly onLost: (device: string) => void;
  /** A device may have come into service or left it. */
  readonly onChange: () => void;
}

/** Keeps looking after devices: finds GPUs that come and go, and tries those that failed once their back-off is over. */
export class DeviceKeeper {
  readonly #modules: Modules;
  readonly #testing = new Set<string>();
  readonly #timers: NodeJS.Timeout[] = [];
  #looking: Promise<void> | undefined;
  /** GPUs that the last look did not find under their jobs. */
  #missed: ReadonlySet<string> = new Set();
  #wanted = false;
  #closed = false;

  constructor(modules: Modules) {
    this.#modules = modules;
  }

  start(): void {
    this.#timers.push(setInterval(() => void this.look(), LOOK_MS).unref());
    this.#timers.push(setInterval(() => this.#testDue(), DUE_MS).unref());
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** Looks for GPUs at once, and lets go of the sealers of devices that serve no more. */
  look(): Promise<void> {
    this.#wanted = true;
    this.#looking ??= this.#lookWhileWanted()
      .catch((error: unknown) => this.#modules.log.warn({ err: error }, 'looking for devices failed'))
      .finally(() => {
        this.#looking = undefined;
      });
    return this.#looking;
  }

  async #lookWhileWanted(): Promise<void> {
    while (this.#wanted && !this.#closed) {
      this.#wanted = false;
      await this.#look();
    }
  }

  async #look(): Promise<void> {
    const { devices, pool, held, onLost, onChange } = this.#modules;
    await devices.look();
    if (this.#closed) return;
    const lost = devices.lost(held());
    // Hours of work are not thrown away for one look.
    for (const device of lost) if (this.#missed.has(device)) onLost(device);
    this.#missed = lost;
    const slots = new Map(devices.list.map(({ id, slots: count, absent }) => [id, absent ? 0 : count]));
    await pool.dropSeats(({ device, slot }) => slot < (slots.get(device) ?? 0));
    onChange();
  }

  #testDue(): void {
    for (const device of this.#modules.devices.dueForTest()) {
      if (this.#testing.has(device.id)) continue;
      this.#testing.add(device.id);
      void this.#test(device)
        .catch((error: unknown) => this.#modules.log.warn({ err: error }, 'a self-test was not noted'))
        .finally(() => this.#testing.delete(device.id));
    }
  }

  /** In a process that the device has not known: the library reads what there is once, when it starts. */
  async #test(device: Device): Promise<void> {
    const { devices, pool, log, held, scratch, hostEpoch, onChange } = this.#modules;
    const seat = devices.seat(device.id, held());
    // What still runs there, on a device that failed under another job, ends first.
    if (seat.slot >= device.slots) return;
    await pool.dropSeats((one) => one.device !== device.id);
    const reservation = await pool.reserveSeat(seat);
    try {
      log.info({ device: device.id }, 'self-test');
      const lease = await reservation.open();
      try {
        await askSelfTest(lease.client, {
          dir: scratch,
          epoch: hostEpoch(),
          requireGpu: device.kind === 'gpu',
        });
      } catch (error) {
        await lease.kill();
        throw error;
      }
      lease.release();
      await devices.noteTest(device.id, undefined);
    } catch (error) {
      await reservation.cancel();
      if (this.#closed) return;
      const detail = toBeeproError(error).message;
      await devices.noteTest(
        device.id,
        new BeeproError('DEVICE_SELF_TEST_FAILED', { device: device.id, detail }),
      );
    }
    onChange();
  }
}

async function askSelfTest(
  client: SealerConnection,
  request: { readonly dir: string; readonly epoch: number; readonly requireGpu: boolean },
): Promise<void> {
  const { dir, epoch, requireGpu } = request;
  await mkdir(dir, { recursive: true });
  const id = `self-test-${randomBytes(6).toString('hex')}`;
  const deadline = AbortSignal.timeout(SELF_TEST_MS);
  const late = new Promise<never>((_, reject) =>
    deadline.addEventListener('abort', () =>
      reject(new BeeproError('SEALER_HUNG', { ms: SELF_TEST_MS, op: 'self-test' })),
    ),
  );
  const answer = client.request('self-test', { dir }, { id, epoch, requireGpu });
  await Promise.race([answer, late]);
  await client.request('forget', { id }, { epoch });
}

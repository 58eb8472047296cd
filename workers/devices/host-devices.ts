import type { DeclaredDevices } from '#config';
import { allowedCores, type BeeproError, PHASES, type Phase } from '#core';
import type { Logger } from '#log';
import { type DeviceView, keepForPost, type SlotUse } from '#sched';
import type { SealerProgram, SealerSeat } from '#sealer';
import { type DeviceMemory, readDeviceMemory, writeDeviceMemory } from './device-file.ts';
import {
  afterFailure,
  afterSelfTest,
  afterSuccess,
  type Backoff,
  type Blame,
  blame,
  CLEAN,
  type DeviceRecord,
  outReason,
} from './failure-policy.ts';
import { type Device, inventory } from './inventory.ts';
import { type GpuLook, lookAtGpus } from './nvidia-smi.ts';
import { onDevice, withoutGpu } from './sealer-environment.ts';

/** The settings of devices, asked at the moment of use. */
export interface DeviceSettings {
  readonly declared: DeclaredDevices;
  /** Slots of a device that does not say. */
  readonly slots: number;
  readonly postSlots: number;
  /** Ids that the operator has taken out. */
  readonly out: readonly string[];
  readonly backoff: Backoff;
}

export interface HostDevicesOptions {
  /** What it remembers over restarts. */
  readonly file: string;
  /** The temporary folders of devices; one for all agents of this machine. */
  readonly folder: string;
  readonly settings: () => DeviceSettings;
  readonly log: Logger;
  /** `nvidia-smi`, unless a test gives another. */
  readonly tool?: string | undefined;
}

/** A slot that is held. */
export interface HeldSeat {
  readonly seat: SealerSeat;
  readonly use: SlotUse;
}

/**
 * The devices of this host: what is there, what holds their slots, which are out of service and why, and what a
 * sealer of each is started with.
 */
export class HostDevices {
  readonly #options: HostDevicesOptions;
  readonly #records: Map<string, DeviceRecord>;
  /** When the self-test of a device is due, by the monotonic clock: a clock that is set delays none. */
  readonly #due = new Map<string, number>();
  readonly #cores = allowedCores();
  #known: DeviceMemory['gpus'];
  #look: GpuLook = { status: 'no-tool' };
  #gpuBuilt: boolean | undefined;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: HostDevicesOptions, memory: DeviceMemory) {
    this.#options = options;
    this.#known = memory.gpus;
    this.#records = new Map(memory.records);
    for (const [id, { out }] of this.#records) if (out) this.#schedule(id, out.tryAt);
  }

  /** Remembers, and looks at the machine. */
  static async open(options: HostDevicesOptions): Promise<HostDevices> {
    const devices = new HostDevices(options, await readDeviceMemory(options.file));
    await devices.look();
    return devices;
  }

  get list(): readonly Device[] {
    const { declared, slots } = this.#options.settings();
    return inventory({
      declared,
      slots,
      look: this.#look,
      known: this.#known,
      cores: this.#cores,
      gpuBuilt: this.#gpuBuilt,
    });
  }

  /** The GPUs of this machine, whether they are used or not, as capabilities name them. */
  get gpus(): readonly { readonly name: string; readonly uuid: string; readonly memory_bytes?: number }[] {
    if (this.#look.status !== 'seen') return [];
    return this.#look.gpus.map(({ name, uuid, memory }) => ({
      name,
      uuid,
      ...(memory === undefined ? {} : { memory_bytes: memory }),
    }));
  }

  /** Whether the sealer of this machine can use GPUs, as it says itself. */
  set gpuBuilt(built: boolean) {
    this.#gpuBuilt = built;
    this.#rememberGpus();
  }

  /** Looks for GPUs again. One that is gone or in trouble is out of service from now on, until a self-test passes. */
  async look(): Promise<void> {
    const { settings, log, tool = 'nvidia-smi' } = this.#options;
    const { declared } = settings();
    const before = this.#look;
    const wanted =
      declared === 'auto' || (declared !== 'none' && declared.some(({ kind }) => kind === 'gpu'));
    const look: GpuLook = wanted ? await lookAtGpus(tool) : { status: 'no-tool' };
    // Once may be a tool that starves on a busy machine.
    this.#look = look.status === 'failed' && before.status === 'seen' ? await lookAtGpus(tool) : look;
    if (JSON.stringify(before) !== JSON.stringify(this.#look)) log.info({ look: this.#look }, 'GPUs');
    for (const device of this.list) {
      if (device.kind === 'gpu' && device.absent !== undefined) this.#outIfInService(device, device.absent);
    }
    this.#rememberGpus();
    await this.#writing;
  }

  /** As the scheduler sees them. A device that is no longer one stays in sight while jobs run on it. */
  views(held: readonly HeldSeat[]): readonly DeviceView[] {
    const { out, postSlots } = this.#options.settings();
    const list = this.list;
    const uses = (id: string) => held.filter(({ seat }) => seat.device === id).map(({ use }) => use);
    const views = list.map((device): DeviceView => {
      const reason = this.#whyOut(device, out);
      return {
        id: device.id,
        ...(device.name === undefined ? {} : { name: device.name }),
        slots: device.slots,
        held: uses(device.id),
        reservedForPost: 0,
        ...(reason === undefined ? {} : { outOfService: reason }),
      };
    });
    const left = new Set(
      held.map(({ seat }) => seat.device).filter((id) => !list.some((one) => one.id === id)),
    );
    const ending = [...left].map((id): DeviceView => {
      const reason = 'it is no longer among worker.devices; what runs on it ends';
      return { id, slots: uses(id).length, held: uses(id), reservedForPost: 0, outOfService: reason };
    });
    return [...keepForPost(views, postSlots), ...ending];
  }

  /** The first free slot of a device. */
  seat(device: string, held: readonly HeldSeat[]): SealerSeat {
    const taken = new Set(held.flatMap(({ seat }) => (seat.device === device ? [seat.slot] : [])));
    let slot = 0;
    while (taken.has(slot)) slot += 1;
    return { device, slot };
  }

  /** Whether a run on this seat must never fall back to the CPU. */
  needsGpu(seat: SealerSeat): boolean {
    return seat.device.startsWith('GPU-');
  }

  /** What a sealer is started with. */
  program(base: SealerProgram, seat: SealerSeat | undefined): SealerProgram {
    if (seat) return onDevice(base, this.#device(seat.device), this.#options.folder);
    // Where no GPU is found this way and none was ruled out, the environment has the word.
    const isUnsaid = this.#options.settings().declared === 'auto' && this.list.length === 0;
    return isUnsaid ? base : withoutGpu(base);
  }

  /** Notes how a run ended on a device; `error` is undefined when it succeeded. */
  async note(seat: SealerSeat, phase: Phase, error: BeeproError | undefined): Promise<void> {
    const record = this.#records.get(seat.device) ?? CLEAN;
    if (!error) {
      if (record.failures + record.suspicions === 0) return;
      this.#set(seat.device, afterSuccess(record));
    } else {
      const kind = blame(error.code);
      if (kind === 'none') return;
      this.#fail(seat.device, kind, `${PHASES[phase].label}: ${error.message}`);
    }
    await this.#writing;
  }

  /** Devices whose back-off has passed, and that are there to be tried. */
  dueForTest(): readonly Device[] {
    // Asked every second, and mostly nothing is out.
    if (![...this.#records.values()].some(({ out }) => out !== undefined)) return [];
    const { out } = this.#options.settings();
    return this.list.filter(({ id, absent }) => {
      const isOut = this.#records.get(id)?.out !== undefined && absent === undefined && !out.includes(id);
      return isOut && performance.now() >= (this.#due.get(id) ?? 0);
    });
  }

  /** Notes how a self-test ended. */
  async noteTest(id: string, error: BeeproError | undefined): Promise<void> {
    if (error) {
      this.#fail(id, 'failure', error.message);
    } else {
      this.#set(id, afterSelfTest(this.#records.get(id) ?? CLEAN));
      this.#options.log.info({ device: id }, 'the self-test passed: the device is in service again');
    }
    await this.#writing;
  }

  /** GPUs that are gone while jobs run on them, as far as the last look can tell. */
  lost(held: readonly HeldSeat[]): ReadonlySet<string> {
    // A tool that gives no answer is no proof: what runs goes on, and nothing new is started.
    if (this.#look.status !== 'seen') return new Set();
    const { gpus } = this.#look;
    const works = (device: string) =>
      gpus.some(({ uuid, trouble }) => uuid === device && trouble === undefined);
    const gone = held.filter(({ seat }) => this.needsGpu(seat) && !works(seat.device));
    return new Set(gone.map(({ seat }) => seat.device));
  }

  #whyOut({ id, absent }: Device, operatorOut: readonly string[]): string | undefined {
    if (absent !== undefined) return absent;
    if (operatorOut.includes(id)) return 'the operator has taken it out';
    const out = this.#records.get(id)?.out;
    return out && outReason(out);
  }

  #outIfInService({ id, name }: Device, why: string): void {
    if (this.#records.get(id)?.out !== undefined) return;
    // One that this machine never had needs no test when it comes: it was declared ahead of its time.
    if (name === undefined) return;
    this.#fail(id, 'failure', why);
  }

  #fail(id: string, kind: Exclude<Blame, 'none'>, what: string): void {
    const { backoff } = this.#options.settings();
    const record = afterFailure(this.#records.get(id) ?? CLEAN, kind, what, backoff, Date.now());
    this.#set(id, record);
    if (record.out) {
      this.#options.log.error(
        { device: id, failures: record.failures, reason: what },
        'device out of service',
      );
    } else {
      this.#options.log.warn(
        { device: id, suspicions: record.suspicions, reason: what },
        'device under suspicion',
      );
    }
  }

  #set(id: string, record: DeviceRecord): void {
    this.#records.set(id, record);
    if (record.out) this.#schedule(id, record.out.tryAt);
    this.#write();
  }

  /** However wrong a clock was, none waits longer than the longest back-off. */
  #schedule(id: string, tryAt: number): void {
    const wait = Math.min(Math.max(0, tryAt - Date.now()), this.#options.settings().backoff.capMs);
    this.#due.set(id, performance.now() + wait);
  }

  #rememberGpus(): void {
    const found = this.#look.status === 'seen' && this.#gpuBuilt ? this.#look.gpus : [];
    const names = new Map([...this.#known, ...found].map(({ uuid, name }) => [uuid, name]));
    if (this.#options.settings().declared === 'none') names.clear();
    if (names.size === this.#known.length) return;
    this.#known = [...names].map(([uuid, name]) => ({ uuid, name }));
    this.#write();
  }

  #write(): void {
    const { file, log } = this.#options;
    this.#writing = this.#writing
      .then(() => writeDeviceMemory(file, { gpus: this.#known, records: this.#records }))
      .catch((error: unknown) => log.warn({ err: error }, 'what is known of devices is not on disk'));
  }

  #device(id: string): Pick<Device, 'id' | 'kind' | 'cores'> {
    const known = this.list.find((device) => device.id === id);
    return known ?? { id, kind: id.startsWith('GPU-') ? 'gpu' : 'cpu', cores: undefined };
  }
}

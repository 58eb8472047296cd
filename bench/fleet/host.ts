import {
  type Bytes,
  MEMORY_NEEDS,
  PHASE_NAMES,
  PHASES,
  type Phase,
  SEALING_PHASES,
  type SectorState,
} from '#core';
import type { Choice, DeviceView, HostReport, HostView, PaceView, SlotUse } from '#sched';
import type { MachineClass } from '../fleets/fleet-schema.ts';
import type { Profile } from '../fleets/profile-schema.ts';
import { LastMean } from './learned.ts';
import { Meter } from './meter.ts';
import type { ActiveRunOn, RunOn, SectorOn } from './sector.ts';
import { WorkQueue } from './work-queue.ts';

const GIB: Bytes = 1024 ** 3;
/** Runs whose mean the agent remembers of each phase. */
const REMEMBERED = 20;
/** How old the pace's facts may be: the agent reads them from the database so often. */
const FACTS_MS = 10_000;
const NO_PAUSES: ReadonlySet<string> = new Set();

/** Scratch space: the operators' 650 GB a sector, of which 16.2 sector sizes are used at the peak. */
const ROOM_PER_SECTOR: Bytes = 650e9;
const PEAK: Bytes = Math.round(16.2 * 32 * GIB);

export type Sector = SectorOn<SimHost>;
export type Run = RunOn<SimHost>;
export type ActiveRun = ActiveRunOn<SimHost>;

interface SimDevice extends DeviceView {
  readonly held: SlotUse[];
}

/** A host of the simulated fleet: what a real agent has in memory and in its rows, and meters on it. */
export class SimHost {
  readonly index: number;
  readonly name: string;
  readonly machine: MachineClass;
  readonly profile: Profile;
  readonly queues = new Map<Phase, WorkQueue<Run>>();
  readonly active = new Set<ActiveRun>();
  readonly running: Partial<Record<Phase, number>> = {};
  readonly devices: readonly SimDevice[];
  readonly states: Partial<Record<SectorState, number>> = {};
  up = true;
  /** Sectors whose files it holds, those in AddPiece included. */
  sectors = 0;
  /** A look at the queues is under way. */
  waking = false;
  reporting = false;
  /** What the last look at the queues decided. */
  choice: Choice | undefined;
  takesHost: ReadonlySet<Phase> = new Set();
  report: HostReport | undefined;
  lastDevicePhase: Phase | undefined;
  readonly busyPc1 = new Meter();
  readonly busySlots = new Meter();
  readonly workspace = new Meter();
  readonly upTime = new Meter();
  readonly landingBusy = new Meter();
  /** Since when a slot idles beside a job that fits and that nothing refuses. */
  unexplainedSince: number | undefined;
  readonly #durations = new Map<Phase, LastMean>();
  readonly #seedWait = new LastMean(REMEMBERED);
  #facts: Pick<PaceView, 'durationsMs' | 'seedWaitMs'> = { durationsMs: {} };
  #factsAt = Number.NEGATIVE_INFINITY;
  readonly #memoryRuns: { need: Bytes; used: Bytes }[] = [];
  /** What a run of each phase may grow to. */
  readonly #needs: Readonly<Partial<Record<Phase, Bytes>>>;
  readonly #pace: boolean;

  constructor(index: number, machine: MachineClass, profile: Profile, pace: boolean) {
    this.index = index;
    this.name = `${machine.name}-${index}`;
    this.machine = machine;
    this.profile = profile;
    this.#pace = pace;
    const given: { readonly [P in Phase]?: number | undefined } = machine.memoryNeedsGiB;
    this.#needs = Object.fromEntries(
      PHASE_NAMES.map((phase) => {
        const override = given[phase];
        return [
          phase,
          override === undefined ? (MEMORY_NEEDS[phase][profile.sectorSize] ?? 0) : override * GIB,
        ];
      }),
    );
    this.devices = machine.devices.map(({ slots }, number) => ({
      id: `gpu:${number}`,
      slots,
      held: [],
      reservedForPost: 0,
    }));
    for (const phase of SEALING_PHASES) {
      this.queues.set(phase, new WorkQueue());
      this.#durations.set(phase, new LastMean(REMEMBERED));
    }
    this.upTime.add(1, 0);
  }

  queue(phase: Phase): WorkQueue<Run> {
    const queue = this.queues.get(phase);
    if (!queue) throw new RangeError(`hosts have no queue for ${phase}`);
    return queue;
  }

  /** What a real agent would give to `chooseNext` at this moment. */
  view(now: number): HostView {
    const { machine, running, sectors } = this;
    return {
      worker: this.name,
      state: 'active',
      limits: machine.limits,
      running,
      maxSectors: machine.maxSectors,
      sectors,
      paused: NO_PAUSES,
      acceptsOutsideC2: machine.acceptsOutsideC2,
      devices: this.devices,
      memory: {
        total: machine.memoryGiB * GIB,
        available: machine.memoryGiB * GIB,
        keepFree: GIB,
        runs: this.#memoryRuns,
        needs: this.#needs,
      },
      ...(machine.maxSectors > 0
        ? {
            scratch: {
              capacity: machine.maxSectors * ROOM_PER_SECTOR,
              free: machine.maxSectors * ROOM_PER_SECTOR,
              keepFree: 0,
              reserved: sectors * PEAK,
              growth: sectors * PEAK,
              newSector: PEAK,
              writes: {},
            },
          }
        : {}),
      ...(this.#pace ? { pace: this.#paceView(now) } : {}),
    };
  }

  claim(run: ActiveRun, now: number): void {
    const { phase } = run.run;
    this.active.add(run);
    this.running[phase] = (this.running[phase] ?? 0) + 1;
    const need = this.#needs[phase] ?? 0;
    if (need > 0) this.#memoryRuns.push({ need, used: need });
    if (run.device !== undefined) {
      this.devices[run.device]?.held.push(phase);
      this.busySlots.add(1, now);
    }
    if (phase === 'precommit1') this.busyPc1.add(1, now);
    if (phase === 'landing') this.landingBusy.add(1, now);
  }

  release(run: ActiveRun, now: number): void {
    const { phase } = run.run;
    run.ended = true;
    this.active.delete(run);
    this.running[phase] = (this.running[phase] ?? 0) - 1;
    const need = this.#needs[phase] ?? 0;
    if (need > 0) {
      this.#memoryRuns.splice(
        this.#memoryRuns.findIndex((one) => one.need === need),
        1,
      );
    }
    if (run.device !== undefined) {
      const held = this.devices[run.device]?.held;
      held?.splice(held.indexOf(phase), 1);
      this.busySlots.add(-1, now);
    }
    if (phase === 'precommit1') this.busyPc1.add(-1, now);
    if (phase === 'landing') this.landingBusy.add(-1, now);
  }

  /** A run has succeeded here after so many milliseconds. */
  learn(phase: Phase, ms: number): void {
    this.#durations.get(phase)?.add(ms);
  }

  meanMs(phase: Phase): number | undefined {
    return this.#durations.get(phase)?.mean;
  }

  learnSeedWait(ms: number): void {
    this.#seedWait.add(ms);
  }

  takeIn(sector: Sector, now: number): void {
    sector.host = this;
    this.sectors += 1;
    this.workspace.add(1, now);
    this.states[sector.state] = (this.states[sector.state] ?? 0) + 1;
  }

  /** Its workspace is free again. */
  letGo(sector: Sector, now: number): void {
    sector.host = undefined;
    this.sectors -= 1;
    this.workspace.add(-1, now);
    this.states[sector.state] = (this.states[sector.state] ?? 0) - 1;
  }

  freeSlots(): number {
    return this.devices.reduce((sum, device) => sum + device.slots - device.held.length, 0);
  }

  #paceView(now: number): PaceView {
    if (now - this.#factsAt >= FACTS_MS) {
      const durationsMs: Partial<Record<Phase, number>> = {};
      for (const [phase, { mean }] of this.#durations) if (mean !== undefined) durationsMs[phase] = mean;
      const seedWaitMs = this.#seedWait.mean;
      this.#facts = {
        durationsMs,
        ...(seedWaitMs === undefined ? {} : { seedWaitMs }),
      };
      this.#factsAt = now;
    }
    return { ...this.#facts, states: this.states };
  }
}

/** Phases that hold a slot of a device where a host has any. */
export function needsDevice(phase: Phase): boolean {
  return PHASES[phase].device;
}

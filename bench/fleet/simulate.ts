import type { SectorState } from '#core';
import type { Fleet } from '../fleets/fleet-schema.ts';
import type { Profile } from '../fleets/profile-schema.ts';
import { BeeProDispatcher, type Order } from './beepro.ts';
import { type Bound, boundOf } from './bound.ts';
import { LotusDispatcher } from './lotus.ts';
import { percentile } from './meter.ts';
import { World } from './world.ts';

const DAY_MS = 86_400_000;

export interface SimulationOptions {
  readonly fleet: Fleet;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly seed: number;
  readonly failing: boolean;
  readonly policy: 'beepro' | 'lotus';
  readonly pace?: boolean;
  readonly order?: Order;
  /** Called every so many virtual ms with the sectors of the fleet by state. */
  readonly trace?: { readonly everyMs: number; readonly on: (now: number, world: World) => void };
}

export interface SimulationResult {
  readonly perDay: number;
  readonly bound: Bound;
  readonly ratio: number;
  /** Parts of what was there while hosts were up. */
  readonly use: { readonly pc1: number; readonly devices: number; readonly workspace: number };
  readonly classes: readonly ClassUse[];
  /** From AddPiece's start to Proving, in hours. */
  readonly cycleHours: { readonly p50: number; readonly p99: number };
  /** Seconds that slots idled although a job that fits waited and nothing refused it. */
  readonly unexplainedS: number;
  /** Slot-seconds of runs that failed or died with their host, per day. */
  readonly wastedPerDayS: number;
  readonly parked: number;
  readonly inFlight: number;
  readonly pledged: number;
  readonly proven: number;
  readonly states: Readonly<Partial<Record<SectorState, number>>>;
}

export interface ClassUse {
  readonly name: string;
  readonly up: number;
  readonly pc1: number;
  readonly devices: number;
  readonly workspace: number;
}

/** One run of a fleet through its days under the virtual clock. The same options give the same result. */
export function simulate(options: SimulationOptions): SimulationResult {
  const { fleet, profiles, seed, failing, policy, pace = true, order = 'production', trace } = options;
  const world = new World({ fleet, profiles, seed, failing, pace: pace && policy === 'beepro' });
  const dispatcher = policy === 'lotus' ? new LotusDispatcher(world) : new BeeProDispatcher(world, order);
  world.begin(dispatcher);
  if (trace) {
    const look = () => {
      trace.on(world.clock.now, world);
      world.clock.after(trace.everyMs, look);
    };
    world.clock.at(0, look);
  }
  world.clock.runUntil(fleet.days * DAY_MS);
  return summarise(world, fleet, profiles, dispatcher.unexplainedMs);
}

function summarise(
  world: World,
  fleet: Fleet,
  profiles: ReadonlyMap<string, Profile>,
  unexplainedMs: number,
): SimulationResult {
  const { now } = world.clock;
  const countedDays = fleet.days - fleet.countFromDay;
  const sums = { pc1: [0, 0], devices: [0, 0], workspace: [0, 0] };
  const classes = fleet.classes.map((machine): ClassUse => {
    const hosts = world.hosts.filter((host) => host.machine === machine);
    const up = hosts.reduce((sum, host) => sum + host.upTime.total(now), 0);
    const slots = machine.devices.reduce((sum, device) => sum + device.slots, 0);
    const part = (kind: keyof typeof sums, used: number, capacity: number) => {
      sums[kind][0] = (sums[kind][0] ?? 0) + used;
      sums[kind][1] = (sums[kind][1] ?? 0) + capacity;
      return capacity === 0 ? Number.NaN : used / capacity;
    };
    const total = (meter: 'busyPc1' | 'busySlots' | 'workspace') =>
      hosts.reduce((sum, host) => sum + host[meter].total(now), 0);
    return {
      name: machine.name,
      up: up / (machine.count * countedDays * DAY_MS),
      pc1: part('pc1', total('busyPc1'), up * machine.limits.precommit1),
      devices: part('devices', total('busySlots'), up * slots),
      workspace: part('workspace', total('workspace'), up * machine.maxSectors),
    };
  });
  const bound = boundOf(fleet, profiles, new Map(classes.map(({ name, up }) => [name, up])));
  const perDay = world.provenCounted / countedDays;
  const times = world.cycleTimes.toSorted((a, b) => a - b);
  const use = (kind: keyof typeof sums) => (sums[kind][0] ?? 0) / (sums[kind][1] ?? 1);
  return {
    perDay,
    bound,
    ratio: perDay / bound.perDay,
    use: { pc1: use('pc1'), devices: use('devices'), workspace: use('workspace') },
    classes,
    cycleHours: { p50: percentile(times, 0.5) / 3_600_000, p99: percentile(times, 0.99) / 3_600_000 },
    unexplainedS: unexplainedMs / 1000,
    wastedPerDayS: world.wastedMs / 1000 / countedDays,
    parked: world.parked.length,
    inFlight: world.inFlight,
    pledged: world.pledged,
    proven: world.proven,
    states: world.states,
  };
}

import type { Phase } from '#core';
import type { Fleet } from '../fleets/fleet-schema.ts';
import type { Profile } from '../fleets/profile-schema.ts';
import { type Limit, maximise } from './simplex.ts';

const DAY_S = 86_400;

export interface Bound {
  /** Sectors per day that no scheduling can exceed. */
  readonly perDay: number;
  /** What binds, the dearest first. */
  readonly bottlenecks: readonly string[];
  /** Sectors per day of each class at the optimum, and C2 that it does for others. */
  readonly classes: readonly { readonly name: string; readonly sealed: number; readonly outside: number }[];
  /** What the chain makes each sector wait while it holds workspace, in seconds. */
  readonly chainWaitS: number;
}

/**
 * A linear program: how many sectors a day a fleet can seal at most, whatever the scheduling. Variables for each
 * class of machines: sectors sealed (`x`), of these C2 done at home (`y`), C2 done for others (`z`). Limits: time of
 * PC1 slots, devices, each phase's limit, and workspace by Little's law (sectors in it = rate × time that each must
 * hold it). `docs/simulation.md` explains it.
 *
 * @param up of each class, which part of the time its hosts were up
 */
export function boundOf(
  fleet: Fleet,
  profiles: ReadonlyMap<string, Profile>,
  up: ReadonlyMap<string, number> = new Map(),
): Bound {
  // The batch wait depends on the rate, which depends on the wait: a few rounds settle it.
  let wait = fleet.chain.preCommitBatchWaitS;
  let bound = solve(fleet, profiles, up, wait);
  for (let round = 0; round < 20; round += 1) {
    wait = batchWaitS(bound.perDay, fleet.chain.preCommitBatchWaitS, fleet.chain.preCommitBatchMax);
    bound = solve(fleet, profiles, up, wait);
  }
  return bound;
}

/**
 * Mean wait in a batch that leaves when its first member has waited `waitS`, or when it is full, for sectors that come
 * evenly: the first waits all of it, each later one its distance less.
 */
export function batchWaitS(perDay: number, waitS: number, max: number): number {
  if (perDay <= 0) return waitS;
  const spacing = DAY_S / perDay;
  const members = Math.min(max, Math.floor(waitS / spacing) + 1);
  const longest = members === max ? Math.min(waitS, (max - 1) * spacing) : waitS;
  return longest - ((members - 1) * spacing) / 2;
}

function solve(
  fleet: Fleet,
  profiles: ReadonlyMap<string, Profile>,
  up: ReadonlyMap<string, number>,
  batchWait: number,
): Bound {
  const chainWaitS = chainWait(fleet, batchWait);
  const speeds = fleet.classes.map((machine) => {
    const profile = profiles.get(machine.profile);
    if (!profile) throw new RangeError(`there is no profile ${machine.profile}`);
    return { machine, time: (phase: Phase) => expectedS(profile, phase) };
  });
  const helpers = speeds.filter(({ machine }) => machine.acceptsOutsideC2);
  const fastestOutside = Math.min(...helpers.map(({ time }) => time('commit2')));
  const objective: Record<string, number> = {};
  const limits: Limit[] = [];
  const exchange: Record<string, number> = {};
  for (const { machine, time } of speeds) {
    const { name } = machine;
    const [x, y, z] = [`x ${name}`, `y ${name}`, `z ${name}`];
    const day = DAY_S * machine.count * (up.get(name) ?? 1);
    const slots = machine.devices.reduce((sum, device) => sum + device.slots, 0);
    const limit = (what: string, coefficients: Record<string, number>, atMost: number) =>
      limits.push({ name: `${name}: ${what}`, coefficients, atMost });
    const seals = machine.limits.precommit1 > 0;
    if (seals) objective[x] = 1;
    const home = seals && machine.outsourceC2 !== 'always' ? { [y]: time('commit2') } : {};
    const outside = machine.acceptsOutsideC2 ? { [z]: time('commit2') } : {};
    if (seals) {
      for (const phase of [
        'add-piece',
        'precommit1',
        'precommit2',
        'commit1',
        'landing',
        'clear-cache',
      ] as const) {
        limit(`${phase} limit`, { [x]: time(phase) }, day * machine.limits[phase]);
      }
      limit('C2 at home is C2 of its own', { [y]: 1, [x]: -1 }, 0);
      if (machine.outsourceC2 === 'always') limit('C2 goes out', { [y]: 1 }, 0);
      // Every sector's C2 is done somewhere: those that are not done at home are done outside.
      exchange[x] = 1;
      exchange[y] = -1;
      if (machine.outsourceC2 === 'off') limit('C2 stays at home', { [x]: 1, [y]: -1 }, 0);
      if (machine.maxSectors > 0) {
        const before = ['add-piece', 'precommit1', 'precommit2', 'commit1', 'clear-cache'] as const;
        const rest = before.reduce((sum, phase) => sum + time(phase), chainWaitS);
        // Landing runs beside C2; the longer of the two counts. Elsewhere C2 takes at least what the fastest takes.
        const away = Math.max(time('landing'), Number.isFinite(fastestOutside) ? fastestOutside : 0);
        const here = machine.limits.commit2 > 0 ? Math.max(time('landing'), time('commit2')) : away;
        limit('workspace', { [x]: rest + away, [y]: here - away }, day * machine.maxSectors);
      }
    }
    if (machine.acceptsOutsideC2) exchange[z] = -1;
    if (machine.limits.commit2 > 0) limit('C2 limit', { ...home, ...outside }, day * machine.limits.commit2);
    if (slots > 0) {
      limit('devices', { ...(seals ? { [x]: time('precommit2') } : {}), ...home, ...outside }, day * slots);
    }
  }
  limits.push({ name: 'C2 is done somewhere', coefficients: exchange, atMost: 0 });
  const { value, variables, prices } = maximise(objective, limits);
  return {
    perDay: value,
    bottlenecks: Object.keys(prices)
      .filter((name) => !name.includes('C2 is') && !name.includes('C2 goes') && !name.includes('C2 stays'))
      .toSorted((a, b) => (prices[b] ?? 0) - (prices[a] ?? 0)),
    classes: fleet.classes.map(({ name }) => ({
      name,
      sealed: variables[`x ${name}`] ?? 0,
      outside: variables[`z ${name}`] ?? 0,
    })),
    chainWaitS,
  };
}

/** Batch, inclusion, the seed's epochs and the mean delay of the looks that notice them. */
export function chainWait({ chain }: Pick<Fleet, 'chain'>, batchWait: number): number {
  const inclusion = (chain.inclusion - 0.5) * chain.epochS;
  return batchWait + inclusion + (chain.waitSeed + chain.seedConfidence) * chain.epochS + chain.lookS / 2;
}

/**
 * What one success of a phase costs its slot on average: a run that fails has used half of its time on average, and no
 * scheduling avoids that. Infinite where the machine cannot run the phase.
 */
function expectedS(profile: Profile, phase: Phase): number {
  const speed = profile.phases[phase as keyof typeof profile.phases];
  if (!speed) return Number.POSITIVE_INFINITY;
  return speed.meanS * (1 + (0.5 * speed.failureRate) / (1 - speed.failureRate));
}

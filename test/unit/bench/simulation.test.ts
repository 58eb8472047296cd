import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RECOVERIES as TABLE } from '#sector';
import { BeeProDispatcher } from '../../../bench/fleet/beepro.ts';
import { EventQueue } from '../../../bench/fleet/event-queue.ts';
import { FLEET_NAMES, readFleet, readProfiles } from '../../../bench/fleet/fleet-files.ts';
import { LotusDispatcher } from '../../../bench/fleet/lotus.ts';
import { Random } from '../../../bench/fleet/random.ts';
import { RECOVERIES } from '../../../bench/fleet/recoveries.ts';
import { simulate } from '../../../bench/fleet/simulate.ts';
import { WorkQueue } from '../../../bench/fleet/work-queue.ts';
import { World } from '../../../bench/fleet/world.ts';
import type { Fleet } from '../../../bench/fleets/fleet-schema.ts';
import { drawDuration } from '../../../bench/fleets/profile-schema.ts';

const profiles = readProfiles();
const DAY_MS = 86_400_000;
/** Failures every few hours, so that days are enough to meet them. */
const stormy = (fleet: Fleet): Fleet => ({
  ...fleet,
  days: 3,
  countFromDay: 1,
  failures: { mtbfHours: 8, mttrHours: 1 },
});
const small = (fleet: Fleet): Fleet => ({
  ...fleet,
  classes: fleet.classes.map((machine) => ({ ...machine, count: Math.ceil(machine.count / 10) })),
});

test('events run in the order of their times, and of their making', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), (times) => {
      const clock = new EventQueue();
      const ran: { time: number; index: number }[] = [];
      for (const [index, time] of times.entries()) clock.at(time, () => ran.push({ time: clock.now, index }));
      clock.runUntil(30);
      const wanted = times.map((time, index) => ({ time, index })).toSorted((a, b) => a.time - b.time);
      expect(ran).toEqual(wanted);
    }),
  );
});

test('a queue gives priority, then age', () => {
  fc.assert(
    fc.property(fc.array(fc.record({ priority: fc.nat(3) })), (items) => {
      const queue = new WorkQueue<{ priority: number }>();
      for (const item of items) queue.add(item);
      const taken = Array.from(items, () => queue.take());
      expect(taken).toEqual(items.toSorted((a, b) => a.priority - b.priority));
      expect(queue.length).toBe(0);
    }),
  );
});

test('drawn durations have the mean and the spread of their law', () => {
  const random = new Random(7);
  for (const law of ['normal', 'lognormal'] as const) {
    const speed = { meanS: 100, spread: 0.1, law, failureRate: 0, failure: 'crash' } as const;
    const drawn = Array.from({ length: 20_000 }, () => drawDuration(speed, random.normal()));
    const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
    const variance = drawn.reduce((sum, one) => sum + (one - mean) ** 2, 0) / drawn.length;
    expect(mean).toBeCloseTo(100, 0);
    expect(Math.sqrt(variance)).toBeCloseTo(10, 0);
  }
});

test('back-offs are those of the recovery table', () => {
  for (const [kind, { tries, backoff }] of Object.entries(RECOVERIES)) {
    const real = TABLE[kind as keyof typeof RECOVERIES];
    expect(real).toMatchObject({ goTo: 'again', tries, backoff });
  }
});

describe.each(FLEET_NAMES)('the fleet %s', (name) => {
  test('is described by a file that fits, on profiles that are there', () => {
    const fleet = readFleet(name);
    expect(fleet.name).toBe(name);
    expect(fleet.classes.map(({ profile }) => profiles.has(profile))).not.toContain(false);
  });
});

describe.each(['beepro', 'lotus'] as const)('under the policy of %s', (policy) => {
  test.each(['workspace', 'mixed-33', 'pc1-and-c2'])(
    'no sector is lost and no capacity exceeded, while hosts fail all the time: %s',
    (name) => {
      const fleet = stormy(small(readFleet(name)));
      const world = new World({ fleet, profiles, seed: 3, failing: true, pace: policy === 'beepro' });
      world.begin(policy === 'lotus' ? new LotusDispatcher(world) : new BeeProDispatcher(world));
      for (let at = 0; at < fleet.days * DAY_MS; at += 600_000) {
        world.clock.runUntil(at);
        const inStates = Object.values(world.states).reduce((sum, sectors) => sum + sectors, 0);
        expect(inStates).toBe(world.inFlight);
        expect(world.pledged).toBe(world.proven + world.inFlight);
        for (const host of world.hosts) {
          const { machine, devices, running, sectors } = host;
          for (const [phase, limit] of Object.entries(machine.limits)) {
            expect(running[phase as keyof typeof machine.limits] ?? 0).toBeLessThanOrEqual(limit);
          }
          for (const device of devices) expect(device.held.length).toBeLessThanOrEqual(device.slots);
          if (machine.maxSectors > 0) expect(sectors).toBeLessThanOrEqual(machine.maxSectors);
          if (!host.up) expect(host.active.size).toBe(0);
        }
      }
      expect(world.proven).toBeGreaterThan(20);
      expect(world.parked).toEqual([]);
    },
  );

  test('every sector that was begun ends when no more are pledged, though hosts go on failing', () => {
    const fleet = stormy(small(readFleet('mixed-33')));
    const world = new World({ fleet, profiles, seed: 9, failing: true, pace: policy === 'beepro' });
    world.begin(policy === 'lotus' ? new LotusDispatcher(world) : new BeeProDispatcher(world));
    world.clock.runUntil(2 * DAY_MS);
    expect(world.inFlight).toBeGreaterThan(20);
    world.pledge = () => undefined;
    world.clock.runUntil(8 * DAY_MS);
    expect(world.inFlight).toBe(0);
    expect(world.hosts.map(({ sectors }) => sectors).filter((sectors) => sectors > 0)).toEqual([]);
  });

  test('a seed gives the same result again, and another seed another one', () => {
    const fleet = { ...readFleet('workspace'), days: 3, countFromDay: 1 };
    const result = (seed: number) => simulate({ fleet, profiles, seed, failing: true, policy });
    expect(result(5)).toEqual(result(5));
    expect(result(5).cycleHours).not.toEqual(result(6).cycleHours);
  });

  test('Little’s law holds: sectors in the workspace are their rate times the time that they hold it', () => {
    const fleet = { ...readFleet('workspace'), days: 20, countFromDay: 4 };
    const world = new World({ fleet, profiles, seed: 1, failing: false, pace: policy === 'beepro' });
    const held: number[] = [];
    world.begin(policy === 'lotus' ? new LotusDispatcher(world) : new BeeProDispatcher(world));
    world.onCleared = (sector) => {
      if (world.counting) held.push(world.clock.now - sector.begunAt);
    };
    world.clock.runUntil(fleet.days * DAY_MS);
    const counted = (fleet.days - fleet.countFromDay) * DAY_MS;
    const mean = held.reduce((sum, one) => sum + one, 0) / held.length;
    const [host] = world.hosts;
    const inside = (host?.workspace.total(world.clock.now) ?? 0) / counted;
    expect((held.length / counted) * mean).toBeCloseTo(inside, 0);
  });
});

describe('the production policy', () => {
  test('leaves no slot idle beside work without a reason', () => {
    for (const name of ['two-gpus', 'mixed-33', 'pc1-and-c2']) {
      const fleet = stormy(small(readFleet(name)));
      const { unexplainedS } = simulate({ fleet, profiles, seed: 2, failing: true, policy: 'beepro' });
      expect(unexplainedS).toBe(0);
    }
  });

  test('never exceeds the bound by more than a window’s ends can be', () => {
    for (const name of ['one-gpu', 'pc1-6', 'workspace']) {
      const fleet = readFleet(name);
      const { ratio } = simulate({ fleet, profiles, seed: 4, failing: false, policy: 'beepro' });
      expect(ratio).toBeLessThan(1.01);
      expect(ratio).toBeGreaterThan(0.96);
    }
  });

  test('goes through a full workspace evenly, where finish first makes waves', () => {
    const fleet = readFleet('workspace');
    const ratio = (pace: boolean) =>
      simulate({ fleet, profiles, seed: 1, failing: false, policy: 'beepro', pace }).ratio;
    expect(ratio(true)).toBeGreaterThan(0.96);
    expect(ratio(false)).toBeLessThan(0.9);
  });
});

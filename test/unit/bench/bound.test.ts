import { describe, expect, test } from 'vitest';
import { batchWaitS, boundOf } from '../../../bench/fleet/bound.ts';
import { maximise } from '../../../bench/fleet/simplex.ts';
import { type Fleet, parseFleet } from '../../../bench/fleets/fleet-schema.ts';
import { type Profile, parseProfile } from '../../../bench/fleets/profile-schema.ts';
import { mostCompleted, type TinyBox } from './brute-force.ts';

describe('the simplex', () => {
  test('finds the optimum of a small program and what binds it', () => {
    const { value, variables, prices } = maximise({ x: 3, y: 5 }, [
      { name: 'a', coefficients: { x: 1 }, atMost: 4 },
      { name: 'b', coefficients: { y: 2 }, atMost: 12 },
      { name: 'c', coefficients: { x: 3, y: 2 }, atMost: 18 },
    ]);
    expect(value).toBeCloseTo(36);
    expect(variables.x).toBeCloseTo(2);
    expect(variables.y).toBeCloseTo(6);
    expect(Object.keys(prices)).toEqual(['b', 'c']);
  });

  test('says that a program has no bound', () => {
    expect(() => maximise({ x: 1 }, [{ name: 'a', coefficients: { y: 1 }, atMost: 1 }])).toThrow('no bound');
  });

  test('ends where several limits meet in one point', () => {
    const limits = ['a', 'b', 'c', 'd'].map((name, index) => ({
      name,
      coefficients: { x: 1, y: index },
      atMost: 0,
    }));
    expect(maximise({ x: 1, y: 1 }, limits).value).toBe(0);
  });
});

test.each([
  // One sector an hour never has company; ten minutes of one a minute are eleven sectors.
  { perDay: 24, wait: 600, max: 256, mean: 600 },
  { perDay: 1440, wait: 600, max: 256, mean: 300 },
  { perDay: 1440, wait: 600, max: 3, mean: 60 },
  { perDay: 1440, wait: 0, max: 256, mean: 0 },
])('at $perDay a day, a batch of $wait s costs each sector $mean s', ({ perDay, wait, max, mean }) => {
  expect(batchWaitS(perDay, wait, max)).toBeCloseTo(mean);
});

/** One box in which every time is a number of `unitS` seconds, and the chain asks for nothing but a fixed wait. */
function tinyFleet(box: TinyBox, unitS: number): { fleet: Fleet; profiles: ReadonlyMap<string, Profile> } {
  const phase = (units: number) => ({ meanS: units * unitS });
  const nothing = { meanS: 1e-9 };
  const profile = parseProfile({
    name: 'tiny',
    title: '',
    source: '',
    sectorSize: '2KiB',
    phases: {
      'add-piece': nothing,
      precommit1: phase(box.pc1),
      precommit2: phase(box.pc2),
      commit1: nothing,
      commit2: phase(box.c2),
      landing: nothing,
      'clear-cache': nothing,
    },
  });
  const many = 100;
  const fleet = parseFleet({
    name: 'tiny',
    title: '',
    target: { steady: 1, failing: 1 },
    failures: { mtbfHours: 1, mttrHours: 1 },
    chain: {
      // So short that the half epoch of a message's inclusion does not count.
      epochS: unitS / 1_000,
      waitSeed: box.wait * 1_000,
      seedConfidence: 0,
      preCommitBatchWaitS: 0,
      lookS: 1e-9,
    },
    classes: [
      {
        name: 'box',
        count: 1,
        profile: 'tiny',
        limits: {
          'add-piece': many,
          precommit1: box.pc1Slots,
          precommit2: many,
          commit1: many,
          commit2: many,
          landing: many,
          'clear-cache': many,
        },
        maxSectors: box.maxSectors,
        devices: Array.from({ length: box.devices }, () => ({ slots: 1 })),
        threads: 1,
        memoryGiB: 1,
        gpus: 0,
      },
    ],
  });
  return { fleet, profiles: new Map([['tiny', profile]]) };
}

const UNIT_S = 3_600;
/** Long enough that the beginning and the end hardly count. */
const HORIZON = 240;

describe('against brute force over every schedule of a tiny box', () => {
  test.each<{ box: TinyBox; tight: number; why: string }>([
    {
      why: 'PC1',
      tight: 0.97,
      box: { pc1: 3, pc2: 1, wait: 1, c2: 1, pc1Slots: 1, devices: 1, maxSectors: 4 },
    },
    {
      why: 'device',
      tight: 0.95,
      box: { pc1: 2, pc2: 1, wait: 1, c2: 2, pc1Slots: 2, devices: 1, maxSectors: 4 },
    },
    {
      why: 'workspace',
      tight: 0.95,
      box: { pc1: 2, pc2: 1, wait: 3, c2: 1, pc1Slots: 2, devices: 2, maxSectors: 2 },
    },
    {
      why: 'two devices',
      tight: 0.9,
      box: { pc1: 2, pc2: 2, wait: 1, c2: 2, pc1Slots: 2, devices: 2, maxSectors: 4 },
    },
    {
      why: 'both at once',
      tight: 0.85,
      box: { pc1: 3, pc2: 1, wait: 2, c2: 1, pc1Slots: 2, devices: 1, maxSectors: 3 },
    },
  ])('bound by $why: no schedule exceeds it, and the best comes near', ({ box, tight }) => {
    const { fleet, profiles } = tinyFleet(box, UNIT_S);
    const bound = boundOf(fleet, profiles);
    const best = (mostCompleted(box, HORIZON) / HORIZON) * 24;
    expect(best).toBeLessThanOrEqual(bound.perDay * 1.001);
    expect(best).toBeGreaterThan(bound.perDay * tight * (1 - 12 / HORIZON));
  });
});

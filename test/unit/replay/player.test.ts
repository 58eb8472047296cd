import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { drawPlay, type Profile, readProfile } from '#replay';

const PROFILES = 'bench/fleets/profiles';

const profile = (speed: Partial<NonNullable<Profile['phases']['precommit1']>>): Profile => ({
  name: 'test',
  title: 'a machine of tests',
  source: 'made up',
  sectorSize: '2KiB',
  phases: {
    precommit1: { meanS: 100, spread: 0, law: 'normal', failureRate: 0, failure: 'crash', ...speed },
  },
});

const draws = (speed: Parameters<typeof profile>[0], count = 4_000) =>
  Array.from({ length: count }, (_, i) => {
    const play = drawPlay(profile(speed), 'precommit1', 'seed', `run-${i}`);
    if (!play) throw new Error('it has the phase');
    return play;
  });

test('the same seed and run play the same; another seed or run plays otherwise', () => {
  const one = profile({ spread: 0.2, failureRate: 0.5 });
  const play = (seed: string, run: string) => drawPlay(one, 'precommit1', seed, run);
  expect(play('a', 'r1')).toEqual(play('a', 'r1'));
  expect(play('b', 'r1')).not.toEqual(play('a', 'r1'));
  expect(play('a', 'r2')).not.toEqual(play('a', 'r1'));
});

test.each(['normal', 'lognormal'] as const)('a %s law has the profile’s mean and spread', (law) => {
  const times = draws({ spread: 0.2, law }).map((play) => play.ms / 1_000);
  const mean = times.reduce((sum, s) => sum + s, 0) / times.length;
  const deviation = Math.sqrt(times.reduce((sum, s) => sum + (s - mean) ** 2, 0) / times.length);
  expect(mean).toBeGreaterThan(98);
  expect(mean).toBeLessThan(102);
  expect(deviation / mean).toBeGreaterThan(0.18);
  expect(deviation / mean).toBeLessThan(0.22);
  expect(Math.min(...times)).toBeGreaterThan(0);
});

test('without spread every run takes the mean', () => {
  expect(new Set(draws({}, 50).map((play) => play.ms))).toEqual(new Set([100_000]));
});

test('so many fail as the profile says, within their time', () => {
  const plays = draws({ failureRate: 0.25, failure: 'temporary' });
  const failed = plays.filter((play) => play.failure !== undefined);
  expect(failed.length / plays.length).toBeGreaterThan(0.22);
  expect(failed.length / plays.length).toBeLessThan(0.28);
  expect(failed.every((play) => play.failure === 'temporary' && play.ms <= 100_000)).toBe(true);
});

test('a phase that the machine cannot do is not played', () => {
  expect(drawPlay(profile({}), 'commit2', 'seed', 'r')).toBeUndefined();
});

test.each(readdirSync(PROFILES))('the profile %s can be read', (file) => {
  expect(readProfile(join(PROFILES, file)).name).toBe(file.replace('.json', ''));
});

test('a profile that is none is refused with what is wrong', () => {
  expect(() => readProfile('package.json')).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
});

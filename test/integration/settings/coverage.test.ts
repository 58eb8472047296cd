import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SETTING_NAMES } from '#config';
import { SUITES } from './observations/index.ts';

/** No setting may be declared that nobody has seen to change anything, and none be observed that is no setting. */
test('every entry of the registry is observed, once', () => {
  const observed = Object.values(SUITES).flatMap((groups) =>
    Object.values(groups).flatMap((group) => Object.keys(group)),
  );
  expect(observed.toSorted()).toEqual(SETTING_NAMES);
});

test.each(Object.entries(SUITES))('%s makes its observations', (suite, groups) => {
  const text = readFileSync(new URL(suite, import.meta.url), 'utf8');
  const made = [...text.matchAll(/^ {2}observeEach\(\(\) => bench, ([A-Z_]+)/gm)].map(([, name]) => name);
  expect(made).toEqual(Object.keys(groups));
});

test('there is no other suite of observations', () => {
  const suites = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.test.ts'));
  expect(suites.toSorted()).toEqual(['coverage.test.ts', ...Object.keys(SUITES)].toSorted());
});

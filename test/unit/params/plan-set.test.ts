import { expect, test } from 'vitest';
import { type ParameterState, planSet, type SetPlan } from '#params';

const plan = (states: readonly ParameterState[], generatable: boolean): SetPlan =>
  planSet(
    states.map((state, i) => ({ name: `f${i}`, state })),
    generatable,
  );

test.each<[ParameterState[], SetPlan['do'], SetPlan['do']]>([
  // states of a set's two files, the plan when it can be generated, and when it cannot
  [['published-verified', 'published-verified'], 'nothing', 'nothing'],
  [['generated', 'generated'], 'nothing', 'nothing'],
  [['unknown', 'unknown'], 'nothing', 'nothing'],
  [['missing', 'missing'], 'obtain', 'obtain'],
  [['published-verified', 'missing'], 'fetch', 'fetch'],
  [['corrupt', 'published-verified'], 'fetch', 'fetch'],
  [['generated', 'missing'], 'generate', 'fetch'],
  [['corrupt', 'generated'], 'generate', 'fetch'],
  [['corrupt', 'missing'], 'generate', 'fetch'],
  [['corrupt', 'corrupt'], 'generate', 'fetch'],
  [['unknown', 'missing'], 'refuse', 'refuse'],
  [['unknown', 'corrupt'], 'refuse', 'refuse'],
  [['published-verified', 'generated'], 'refuse', 'refuse'],
  [['published-verified', 'unknown'], 'refuse', 'refuse'],
  [['generated', 'unknown'], 'refuse', 'refuse'],
])('%o', (states, small, large) => {
  expect(plan(states, true).do).toBe(small);
  expect(plan(states.toReversed(), true).do).toBe(small);
  expect(plan(states, false).do).toBe(large);
});

test('only what was generated or is broken goes before a set is made anew', () => {
  expect(plan(['corrupt', 'generated'], true)).toEqual({ do: 'generate', remove: ['f1', 'f0'] });
  expect(plan(['missing', 'generated'], true)).toEqual({ do: 'generate', remove: ['f1'] });
});

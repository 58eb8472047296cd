import { expect, test } from 'vitest';
import { ProgressLine, progressNotes } from '../../../src/cli/output/index.ts';

function target(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, written, write: (text: string) => written.push(text) };
}

test.each([
  [5_000, undefined, []],
  [500, 0.5, ['50 %']],
  [10_000, 0.001, ['0 %']],
  [10_000, 0.25, ['25 %', '30s left']],
  [10_000, 1, ['100 %']],
])('after %i ms with %s done: %j', (elapsed, fraction, notes) => {
  expect(progressNotes(elapsed, fraction)).toEqual(notes);
});

test('a terminal has one line that is rewritten, and is left clean', () => {
  const out = target(true);
  let now = 0;
  const line = new ProgressLine(out, () => now);
  line.update('fetching a', 0);
  now = 50;
  line.update('fetching a', 0.1);
  now = 4_000;
  line.update('fetching a', 0.5);
  line.done();
  expect(out.written).toEqual([
    '\r\u001b[Kfetching a, 0 %',
    '\r\u001b[Kfetching a, 50 %, 4.0s left',
    '\r\u001b[K',
  ]);
});

test('a pipe gets a line every ten seconds, and none for what is quick', () => {
  const out = target(false);
  let now = 0;
  const line = new ProgressLine(out, () => now);
  for (now = 0; now <= 25_000; now += 1_000) line.update(now < 12_000 ? 'a' : 'b', 0.5);
  line.done();
  expect(out.written).toEqual(['a, 50 %, 10s left\n', 'b, 50 %, 8.0s left\n']);
});

import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { untilLeft } from '../../../workers/until-left.ts';

const REASON = new Error('told to stop');

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('what hangs is left behind a while after it was told to stop', async () => {
  const stopping = new AbortController();
  const outcome = untilLeft(new Promise(() => undefined), stopping.signal).catch((error: unknown) => error);
  await vi.advanceTimersByTimeAsync(3_600_000);
  stopping.abort(REASON);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await Promise.race([outcome, 'still waiting'])).toBe('still waiting');
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await outcome).toBe(REASON);
});

test('what ends by itself keeps its own outcome, also when it was told to stop', async () => {
  const stopping = new AbortController();
  const work = Promise.withResolvers<string>();
  const outcome = untilLeft(work.promise, stopping.signal);
  stopping.abort(REASON);
  work.resolve('done');
  expect(await outcome).toBe('done');
  expect(await untilLeft(Promise.resolve('at once'), stopping.signal)).toBe('at once');
  expect(vi.getTimerCount()).toBe(0);
  expect(getEventListeners(stopping.signal, 'abort')).toEqual([]);
});

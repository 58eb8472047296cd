import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { Wake } from '../../../src/roles/sealing/wake.ts';

test('a knock ends the sleep, also one that came before it', async () => {
  const wake = new Wake();
  const { signal } = new AbortController();
  const sleep = wake.sleep(60_000, signal);
  wake.knock();
  await sleep;
  wake.knock();
  wake.knock();
  await wake.sleep(60_000, signal);
});

test('an abort ends it at once', async () => {
  const stopping = new AbortController();
  const sleep = new Wake().sleep(60_000, stopping.signal);
  stopping.abort();
  await sleep;
  await new Wake().sleep(60_000, stopping.signal);
});

test('a loop that sleeps for months leaves nothing behind', async () => {
  const wake = new Wake();
  const { signal } = new AbortController();
  for (let nights = 0; nights < 50; nights++) await wake.sleep(0, signal);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});

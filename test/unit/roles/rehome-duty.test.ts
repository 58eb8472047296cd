import { expect, test } from 'vitest';
import { isLost } from '../../../src/roles/sealing/index.ts';

const MINUTE = 60_000;
const RULES = { rehomeAfterMs: 60 * MINUTE, expiryMs: MINUTE };

test.each([
  ['silent for long enough', 61, 10, RULES, true],
  ['not silent for long enough', 59, 100, RULES, false],
  ['never, by default', 10_000, 10_000, { ...RULES, rehomeAfterMs: 0 }, false],
  ['silent for less than a heartbeat may take', 0.9, 10, { ...RULES, rehomeAfterMs: 1 }, false],
  ['nobody could be heard: the database has just come back', 61, 0, RULES, false],
  ['the database is back for as long as a heartbeat may take', 61, 1.1, RULES, true],
])('%s', (_what, silent, watched, rules, lost) => {
  expect(isLost({ silentMs: silent * MINUTE, watchedMs: watched * MINUTE }, rules)).toBe(lost);
});

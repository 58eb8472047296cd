import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { C2Memo, porepParametersIdentity, type RunIntent, RunJournal } from '#sealer';
import { createTestFolder, type TestFolder } from '#testing';

let folder: TestFolder;
beforeEach(async () => {
  folder = await createTestFolder();
});
afterEach(() => folder.remove());

const INTENT: RunIntent = {
  runId: 12,
  jobId: 'precommit1-s-t01000-7-a1',
  queue: 'precommit1@host-a',
  miner: 1000,
  number: 7,
  phase: 'precommit1',
  attempt: 1,
  claim: 2,
  sealer: 'cpu-1',
  bootId: 'b',
  claimedAt: '2026-01-01T00:00:00.000Z',
};
const TIMES = { startedAt: '2026-01-01T00:00:00.000Z', answeredAt: '2026-01-01T03:00:00.000Z' };

describe('the journal of runs', () => {
  test('gives back what was written, by a later process too', async () => {
    const dir = join(folder.path, 'runs');
    const journal = await RunJournal.open(dir);
    await journal.writeIntent(INTENT);
    expect(await journal.read(12)).toEqual({ intent: INTENT, outcome: undefined });
    await journal.writeOutcome(12, { done: { commD: 'ab' }, ...TIMES });
    const later = await RunJournal.open(dir);
    expect(await later.list()).toEqual([{ intent: INTENT, outcome: { done: { commD: 'ab' }, ...TIMES } }]);
    await later.forget(12);
    expect(await later.list()).toEqual([]);
  });

  test('an intent that was never written whole is as if nothing had begun', async () => {
    const journal = await RunJournal.open(folder.path);
    await writeFile(join(folder.path, '13.json.tmp'), '{"format":1,"ru');
    await writeFile(join(folder.path, '14.json'), '{"format":1,"ru');
    await writeFile(join(folder.path, '15.result.json'), JSON.stringify({ done: {}, ...TIMES }));
    expect(await journal.list()).toEqual([]);
    expect(await readdir(folder.path)).toEqual([]);
  });

  test('a result that was never written whole is no result', async () => {
    const journal = await RunJournal.open(folder.path);
    await journal.writeIntent(INTENT);
    await writeFile(join(folder.path, '12.result.json'), '{"done":{"comm');
    expect(await journal.read(12)).toEqual({ intent: INTENT, outcome: undefined });
  });
});

test('the journal of an older agent, a folder for each run, is gone on with', async () => {
  const outcome = { done: { commD: 'ab' }, ...TIMES };
  for (const [id, files] of [
    ['12', { 'run.json': { format: 1, ...INTENT }, 'result.json': outcome }],
    ['13', { 'run.json': { format: 1, ...INTENT, runId: 13 } }],
    ['14', { 'run.json.tmp': {} }],
  ] as const) {
    await mkdir(join(folder.path, id));
    for (const [name, text] of Object.entries(files))
      await writeFile(join(folder.path, id, name), JSON.stringify(text));
  }
  const journal = await RunJournal.open(folder.path);
  expect(await journal.list()).toEqual([
    { intent: INTENT, outcome },
    { intent: { ...INTENT, runId: 13 }, outcome: undefined },
  ]);
  expect((await readdir(folder.path)).sort()).toEqual(['12.json', '12.result.json', '13.json']);
});

describe('the memo of C2', () => {
  const memo = () => {
    const made = C2Memo.fromEnvironment({ BEEPRO_C2_MEMO_DIR: join(folder.path, 'memo') });
    if (!made) throw new Error('no memo');
    return made;
  };
  const TEST_NETWORK = 'beepro-devnet-test';

  test('is off without its variable', () => {
    expect(C2Memo.fromEnvironment({})).toBeUndefined();
  });

  test('knows a proof by C1’s digest and the parameters', async () => {
    await memo().store(TEST_NETWORK, 'aa', 'p1', 'c0ffee');
    expect(await memo().find(TEST_NETWORK, 'aa', 'p1')).toBe('c0ffee');
    expect(await memo().find(TEST_NETWORK, 'aa', 'p2')).toBeUndefined();
    expect(await memo().find(TEST_NETWORK, 'bb', 'p1')).toBeUndefined();
  });

  test.each(['mainnet', 'calibrationnet', 'butterflynet', 'devnet', '2k', '', 'localnet-6d52dae5'])(
    'is refused on network "%s"',
    async (network) => {
      const refusal = { code: 'SEALER_MEMO_REFUSED', severity: 'fatal' };
      await expect(memo().find(network, 'aa', 'p1')).rejects.toMatchObject(refusal);
      await expect(memo().store(network, 'aa', 'p1', 'c0')).rejects.toMatchObject(refusal);
    },
  );

  test('takes a damaged entry for none', async () => {
    await memo().store(TEST_NETWORK, 'aa', 'p1', 'c0ffee');
    const [name = ''] = await readdir(join(folder.path, 'memo'));
    await writeFile(join(folder.path, 'memo', name), '{"format":1,"c1Sha');
    expect(await memo().find(TEST_NETWORK, 'aa', 'p1')).toBeUndefined();
  });

  test('tells parameters apart by their verifying keys', async () => {
    expect(await porepParametersIdentity(folder.path)).toBe('');
    const key = join(folder.path, 'v28-stacked-proof-of-replication-x.vk');
    await writeFile(key, 'one');
    const one = await porepParametersIdentity(folder.path);
    await writeFile(key, 'two');
    expect(await porepParametersIdentity(folder.path)).not.toBe(one);
  });
});

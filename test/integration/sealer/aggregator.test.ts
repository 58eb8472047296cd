import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createTestFolder } from '#testing';
import { type AggregateInput, aggregateDigest, SealerAggregator } from '../../../src/roles/sealing/index.ts';

const MEMBER = {
  commR: '11'.repeat(32),
  commD: '22'.repeat(32),
  ticket: '33'.repeat(32),
  seed: '44'.repeat(32),
};
const INPUT: AggregateInput = {
  miner: 1000,
  sealProof: 5,
  members: [0, 1, 2, 3].map((number) => ({ ...MEMBER, number, proof: 'ab'.repeat(192) })),
};

test('without a sealer or its SRS nothing can be aggregated, and it says why', async () => {
  await using folder = await createTestFolder();
  await using parameters = await createTestFolder();
  const none = new SealerAggregator(undefined, folder.path);
  expect(await none.ability()).toEqual({ why: expect.stringContaining('BEEPRO_SEALER_BIN') });
  await expect(none.aggregate(INPUT, 1_000)).rejects.toMatchObject({ code: 'SEALER_NOT_INSTALLED' });
  const program = { bin: process.env.BEEPRO_SEALER_BIN ?? '' };
  const bare = new SealerAggregator(
    { ...program, env: { FIL_PROOFS_PARAMETER_CACHE: parameters.path } },
    folder.path,
  );
  expect(await bare.ability()).toEqual({ why: expect.stringContaining('no SRS file') });
});

test('proofs that are none are refused, and no sealer and no file is left', async () => {
  await using folder = await createTestFolder();
  const aggregator = new SealerAggregator({ bin: process.env.BEEPRO_SEALER_BIN ?? '' }, folder.path);
  await expect(aggregator.aggregate(INPUT, 30_000)).rejects.toMatchObject({
    code: expect.stringMatching(/^SEALER_/),
  });
  expect(await readdir(folder.path)).toEqual([]);
});

test('one that was made before is found by all that it depends on, and made for nothing else', async () => {
  await using folder = await createTestFolder();
  const made = new Uint8Array([1, 2, 3]);
  await writeFile(join(folder.path, `${aggregateDigest(INPUT)}.aggregate`), made);
  const aggregator = new SealerAggregator(undefined, folder.path);
  expect(await aggregator.aggregate(INPUT, 1_000)).toEqual(made);
  const [first, ...rest] = INPUT.members;
  if (!first) throw new Error('nobody');
  const changes = [
    { ...INPUT, miner: 1001 },
    { ...INPUT, members: rest },
    { ...INPUT, members: [{ ...first, seed: '55'.repeat(32) }, ...rest] },
    { ...INPUT, members: [{ ...first, proof: 'cd'.repeat(192) }, ...rest] },
    { ...INPUT, members: [...rest, first] },
  ];
  for (const changed of changes) {
    await expect(aggregator.aggregate(changed, 1_000)).rejects.toMatchObject({
      code: 'SEALER_NOT_INSTALLED',
    });
  }
});

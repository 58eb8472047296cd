import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLotusClient } from '#chain';
import { startDevnet } from '#devnet';
import { createTestFolder, type TestFolder } from '#testing';
import { DigestVerifier } from './digest-verifier.ts';

let folder: TestFolder;
beforeEach(async () => {
  folder = await createTestFolder();
});
afterEach(() => folder.remove());

const start = () =>
  startDevnet({ stateDir: folder.path, seed: 'overrides', paused: true, verifier: new DigestVerifier() });

async function standing(devnet: { url: string; token: string }): Promise<[unknown, number]> {
  const chain = createLotusClient({ url: devnet.url, token: () => devnet.token });
  try {
    const { state } = await chain.stateReadState('t01000', []);
    const { consensusFaultElapsed } = await chain.stateMinerInfo('t01000', []);
    return [(state as { FeeDebt: unknown }).FeeDebt, consensusFaultElapsed];
  } finally {
    await chain.close();
  }
}

test('a debt and a fault that were set are part of the chain, over restarts, until a reorg takes them back', async () => {
  const first = await start();
  await first.control.mine(3);
  first.control.setFeeDebt('t01000', 5n);
  first.control.setConsensusFault('t01000', 900);
  await first.control.mine(2);
  expect(await standing(first)).toEqual(['5', 900]);
  await first.stop();

  const second = await start();
  expect(await standing(second)).toEqual(['5', 900]);
  await second.control.mine(1);
  await second.control.reorg(4);
  await second.control.mine(1);
  expect(await standing(second)).toEqual(['0', -1]);
  await second.stop();
});

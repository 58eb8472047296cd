import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BitField, MINER_METHODS, RANDOMNESS, sealedCid } from '#codec';
import { isBeeproError } from '#core';
import { shortProving, startDevnet } from '#devnet';
import { createTestFolder, type TestFolder } from '#testing';
import { recording } from '../../unit/devnet/recording.ts';
import { DigestVerifier } from './digest-verifier.ts';
import { commitment } from './sealing.ts';
import { shapeDifferences } from './shape.ts';
import { MINER, startTestDevnet, type TestDevnet } from './test-devnet.ts';

const { SubmitWindowedPoSt } = MINER_METHODS;

let folder: TestFolder;
let chain: TestDevnet;
let message: string;

const options = () =>
  ({
    stateDir: folder.path,
    policy: shortProving(60, 6),
    genesis: {
      accounts: [{ name: 'worker', type: 'bls', balance: 50_000_000n * 10n ** 18n }],
      miners: [
        {
          owner: 'worker',
          worker: 'worker',
          sectorSize: '2KiB',
          balance: 10n ** 21n,
          sectors: [0, 1, 2, 3].map((number) => ({
            number,
            sealProof: 5,
            sealedCid: sealedCid(commitment(String(number))),
            expiration: 1_500_000,
          })),
        },
      ],
    },
  }) as const;

beforeAll(async () => {
  folder = await createTestFolder();
  chain = await startTestDevnet(options());
  const { devnet, lotus } = chain;
  const at = () => lotus.stateMinerProvingDeadline(MINER, []);
  await devnet.control.mine(2);
  for (let now = await at(); now.index !== 0 || now.currentEpoch === now.open; now = await at())
    await devnet.control.mine();
  const { challenge } = await at();
  const executed = await chain.execute(SubmitWindowedPoSt, {
    deadline: 0,
    partitions: [{ index: 0, skipped: BitField.empty }],
    // Nobody looks at it.
    proofs: [{ postProof: 10, proofBytes: new Uint8Array(192).fill(7) }],
    chainCommitEpoch: challenge,
    chainCommitRand: await lotus.stateGetRandomnessFromTickets(
      RANDOMNESS.poStChainCommit,
      challenge,
      new Uint8Array(),
      [],
    ),
  });
  message = executed.message;
});

afterAll(async () => {
  await chain[Symbol.asyncDispose]();
  await folder.remove();
});

const link = (cid: string) => ({ '/': cid });

describe('answers after a window PoSt have the recorded shape', () => {
  it.each<readonly [string, () => readonly unknown[]]>([
    ['147-ChainGetMessage-SubmitWindowedPoSt', () => [link(message)]],
    ['148-StateReplay-SubmitWindowedPoSt', () => [[], link(message)]],
    ['149-StateSearchMsg-SubmitWindowedPoSt', () => [[], link(message), -1, true]],
    ['153-StateMinerDeadlines-afterpost', () => [MINER, []]],
    ['154-StateMinerPartitions-d0-afterpost', () => [MINER, 0, []]],
    ['155-StateMinerPartitions-d1-afterpost', () => [MINER, 1, []]],
    ['156-StateMinerProvingDeadline-afterpost', () => [MINER, []]],
    ['157-StateMinerActiveSectors-afterpost', () => [MINER, []]],
    ['158-StateMinerSectorCount-afterpost', () => [MINER, []]],
    ['159-StateMinerPower-afterpost', () => [MINER, []]],
  ])('%s', async (name, params) => {
    const { request, response, http_status } = recording(name);
    const { status, body } = await chain.rpc(request.method, params());
    expect(status).toBe(http_status);
    const differences = shapeDifferences(body?.result ?? null, response.result ?? null);
    expect(differences.filter((each) => !each.startsWith('$.ExecutionTrace.Logs'))).toEqual([]);
  });

  it('and its gas is Lotus’ within three per cent', async () => {
    const { receipt } = (await chain.lotus.stateSearchMsg([], message, -1, true)) ?? {};
    const recorded = recording('149-StateSearchMsg-SubmitWindowedPoSt').response.result as {
      Receipt: { GasUsed: number };
    };
    const ratio = Number(receipt?.gasUsed) / recorded.Receipt.GasUsed;
    expect(Math.abs(ratio - 1)).toBeLessThan(0.03);
  });
});

it('a sector expires at an end of its deadline, and one that is not there at none', async () => {
  const { open } = await chain.lotus.stateMinerProvingDeadline(MINER, []);
  const { onTime, early } = await chain.lotus.stateSectorExpiration(MINER, 0, []);
  expect(early).toBe(0);
  expect(onTime).toBeGreaterThanOrEqual(1_500_000);
  expect(onTime).toBeLessThan(1_500_060);
  expect((onTime + 1 - open) % 10).toBe(0);
  const unknown = await chain.rpc('Filecoin.StateSectorExpiration', [MINER, 99, []]);
  expect(unknown.body?.error).toEqual({ code: 1, message: 'failed to find sector 99' });
});

it('missed deadlines, fees and proofs are the same after a restart, without snapshots', async () => {
  const { devnet, lotus } = chain;
  await devnet.control.mineAfterNullRounds(25);
  await devnet.control.mine(130);
  const faults = await lotus.stateMinerFaults(MINER, []);
  expect([...faults]).toEqual([0, 1, 2, 3]);
  expect((await lotus.stateMinerPower(MINER, [])).minerPower.rawBytePower).toBe(0n);
  // A faulty sector is given up 42 periods after its deadline's end.
  const { onTime, early } = await lotus.stateSectorExpiration(MINER, 0, []);
  expect([onTime, early > 42 * 60]).toEqual([0, true]);
  const [before, head] = [await lotus.stateMinerDeadlines(MINER, []), await lotus.chainHead()];
  await chain[Symbol.asyncDispose]();
  chain = await startTestDevnet(options());
  expect(await chain.lotus.chainHead()).toEqual(head);
  expect(await chain.lotus.stateMinerFaults(MINER, [])).toEqual(faults);
  expect(await chain.lotus.stateMinerDeadlines(MINER, [])).toEqual(before);
});

it('a chain of the time before window PoSts counted is refused', async () => {
  await using old = await createTestFolder();
  const options = { stateDir: old.path, verifier: new DigestVerifier(), paused: true };
  await (await startDevnet(options)).stop();
  const path = join(old.path, 'chain.json');
  const identity = JSON.parse(await readFile(path, 'utf8')) as { policy: { wPoStDisputeWindow?: number } };
  delete identity.policy.wPoStDisputeWindow;
  await writeFile(path, JSON.stringify(identity));
  await expect(startDevnet(options)).rejects.toSatisfy((error) => isBeeproError(error, 'DEVNET_DAMAGED'));
});

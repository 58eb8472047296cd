import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BitField, MINER_METHODS, type SubmitWindowedPoStParams } from '#codec';
import { type GenesisSpec, preSealSectors, shortProving } from '#devnet';
import { ResidentSealer } from '#sealer';
import { createTestFolder } from '#testing';
import { MINER, startTestDevnet, type TestDevnet } from '../integration/devnet/test-devnet.ts';
import { mineToClose, mineToDeadline, provePartition } from './support/window-post.ts';

const {
  SubmitWindowedPoSt,
  DisputeWindowedPoSt,
  DeclareFaultsRecovered,
  TerminateSectors,
  ExtendSectorExpiration2,
} = MINER_METHODS;
const bits = (...numbers: number[]) => BitField.of(numbers);
const FIL = 10n ** 18n;
const SECTOR = 2048n;

function withNoise(params: SubmitWindowedPoStParams): SubmitWindowedPoStParams {
  return { ...params, proofs: [{ postProof: 10, proofBytes: new Uint8Array(192).fill(7) }] };
}

async function powerOf({ lotus }: TestDevnet): Promise<bigint> {
  return (await lotus.stateMinerPower(MINER, [])).minerPower.rawBytePower;
}

async function faultsOf({ lotus }: TestDevnet): Promise<number[]> {
  return [...(await lotus.stateMinerFaults(MINER, []))];
}

test('real window PoSts of pre-sealed sectors: skipped, disputed, missed, recovered; ended and extended', async () => {
  await using folder = await createTestFolder();
  const program = { bin: process.env.BEEPRO_SEALER_BIN ?? '' };
  const preSeal = { sealer: program, dir: join(folder.path, 'sectors'), miner: 1000 };
  const first = await preSealSectors({ ...preSeal, numbers: [0, 1, 2] });
  const files = await preSealSectors({ ...preSeal, numbers: [0, 1, 2, 3, 4, 5] });
  // What is there is not sealed again.
  expect(files.slice(0, 3)).toEqual(first);
  const sealer = new ResidentSealer(program, join(folder.path, 'sealer'));
  const genesis: GenesisSpec = {
    accounts: [
      { name: 'worker', type: 'bls', balance: 1_000_000n * FIL },
      { name: 'reporter', type: 'secp256k1', balance: 1_000n * FIL },
    ],
    miners: [
      {
        owner: 'worker',
        worker: 'worker',
        sectorSize: '2KiB',
        balance: 1_000n * FIL,
        sectors: files.map(({ number, sealProof, sealedCid, expiration }) => ({
          number,
          sealProof,
          sealedCid,
          expiration,
        })),
      },
    ],
  };
  await using chain = await startTestDevnet({
    stateDir: join(folder.path, 'chain'),
    policy: shortProving(60, 6),
    genesis,
    sealer: program,
  });
  const { lotus, devnet } = chain;
  const reporter = { from: devnet.accounts.reporter ?? '' };
  const exitCode = async (...args: Parameters<TestDevnet['execute']>) =>
    (await chain.execute(...args)).receipt.exitCode;
  try {
    // The order in which the deadlines of this miner come first is the chain's choice.
    expect(await powerOf(chain)).toBe(6n * SECTOR);

    // Deadline 0: a good proof without sector 1, which nobody can dispute.
    await mineToDeadline(chain, 0);
    expect(await exitCode(SubmitWindowedPoSt, await provePartition(chain, sealer, files, bits(1)))).toBe(0);
    await mineToClose(chain);
    expect((await lotus.stateMinerDeadlines(MINER, []))[0]?.disputableProofCount).toBe(1);
    expect(await chain.refusal(DisputeWindowedPoSt, { deadline: 0, postIndex: 0 }, reporter)).toContain(
      'failed to dispute valid post',
    );
    expect(await faultsOf(chain)).toContain(1);

    // Deadline 1: noise is taken for a proof, until somebody looks at it.
    await mineToDeadline(chain, 1);
    expect(await exitCode(SubmitWindowedPoSt, withNoise(await provePartition(chain, sealer, files)))).toBe(0);
    expect(await faultsOf(chain)).not.toContain(2);
    await mineToClose(chain);
    const before = await lotus.walletBalance(reporter.from);
    expect(await exitCode(DisputeWindowedPoSt, { deadline: 1, postIndex: 0 }, reporter)).toBe(0);
    expect((await lotus.walletBalance(reporter.from)) - before).toBeGreaterThan(3n * FIL);
    expect(await faultsOf(chain)).toEqual(expect.arrayContaining([2, 3]));

    // Deadline 2: nothing is sent.
    await mineToDeadline(chain, 2);
    await mineToClose(chain);
    expect(await faultsOf(chain)).toEqual([1, 2, 3, 4, 5]);
    expect(await powerOf(chain)).toBe(SECTOR);

    // All that is faulty is declared recovered, and every deadline of a whole period is proven.
    const recoveries = [
      { deadline: 0, partition: 0, sectors: bits(1) },
      { deadline: 1, partition: 0, sectors: bits(2, 3) },
      { deadline: 2, partition: 0, sectors: bits(4, 5) },
    ];
    expect(await exitCode(DeclareFaultsRecovered, { recoveries })).toBe(0);
    expect([...(await lotus.stateMinerRecoveries(MINER, []))]).toEqual([1, 2, 3, 4, 5]);
    for (const index of [0, 1, 2]) {
      await mineToDeadline(chain, index);
      const params = await provePartition(chain, sealer, files);
      // Power that comes back is believed to nobody.
      expect(await chain.refusal(SubmitWindowedPoSt, withNoise(params))).toContain(
        'invalid post was submitted (16)',
      );
      expect(await exitCode(SubmitWindowedPoSt, params)).toBe(0);
    }
    await mineToClose(chain);
    expect(await faultsOf(chain)).toEqual([]);
    expect(await powerOf(chain)).toBe(6n * SECTOR);
    expect(await lotus.stateMinerSectorCount(MINER, [])).toEqual({ live: 6, active: 6, faulty: 0 });

    // Deadlines 0 and 1 come after the next, so they may change.
    const terminations = [{ deadline: 1, partition: 0, sectors: bits(3) }];
    const ended = await chain.execute(TerminateSectors, { terminations });
    expect(ended.returnDec).toEqual({ Done: true });
    expect(await powerOf(chain)).toBe(5n * SECTOR);
    const [active] = await lotus.stateMinerActiveSectors(MINER, []);
    const newExpiration = (active?.expiration ?? 0) + 10;
    const extension = { deadline: 0, partition: 0, sectors: bits(0), sectorsWithClaims: [], newExpiration };
    expect(await exitCode(ExtendSectorExpiration2, { extensions: [extension] })).toBe(0);
    expect((await lotus.stateSectorGetInfo(MINER, 0, []))?.expiration).toBe(newExpiration);
    expect((await lotus.stateSectorExpiration(MINER, 0, []))?.onTime).toBeGreaterThanOrEqual(newExpiration);

    // What is left of the period is proven without it.
    await mineToDeadline(chain, 1);
    expect(await exitCode(SubmitWindowedPoSt, await provePartition(chain, sealer, files))).toBe(0);
    await mineToClose(chain);
    expect(await chain.refusal(DisputeWindowedPoSt, { deadline: 1, postIndex: 0 }, reporter)).toContain(
      'failed to dispute valid post',
    );
  } finally {
    await sealer.close();
  }
});

import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeReturnOf, MINER_METHODS } from '#codec';
import { createTestFolder, type TestFolder } from '#testing';
import { aggregateOf, preCommitInfo, proofOf, proveCommitParams } from './sealing.ts';
import { MINER, startTestDevnet, type TestDevnet } from './test-devnet.ts';

const { PreCommitSectorBatch2, ProveCommitSectors3 } = MINER_METHODS;

let folder: TestFolder;
let test: TestDevnet;
beforeEach(async () => {
  folder = await createTestFolder();
  test = await startTestDevnet({ stateDir: folder.path });
  await test.devnet.control.mine(3);
});
afterEach(async () => {
  await test[Symbol.asyncDispose]();
  await folder.remove();
});

const control = (method: string, params: unknown) => test.rpc(`Devnet.${method}`, [params]);

async function preCommitted(...numbers: number[]): Promise<void> {
  const sectors = await Promise.all(numbers.map((number) => preCommitInfo(test, number)));
  expect((await test.execute(PreCommitSectorBatch2, { sectors })).receipt.exitCode).toBe(0);
  await test.devnet.control.mine(11);
}
const proven = async (...numbers: number[]) =>
  proveCommitParams(
    await Promise.all(numbers.map(async (number) => ({ number, proof: await proofOf(test, number) }))),
  );

describe('sectors that fail on demand', () => {
  it('are left out of what a batch does, as the return value says', async () => {
    await preCommitted(1, 2, 3);
    await control('RejectProofs', { sectors: [2] });
    const { receipt } = await test.execute(ProveCommitSectors3, await proven(1, 2, 3));
    expect(receipt.exitCode).toBe(0);
    expect(decodeReturnOf(ProveCommitSectors3, receipt.return, 't')).toEqual({
      successCount: 2,
      failCodes: [{ index: 1, code: 16 }],
    });
    expect(await test.lotus.stateSectorGetInfo(MINER, 2, [])).toBeNull();
    await control('RejectProofs', { sectors: [] });
    const again = await test.execute(ProveCommitSectors3, await proven(2));
    expect(again.receipt.exitCode).toBe(0);
    expect(await test.lotus.stateSectorGetInfo(MINER, 2, [])).not.toBeNull();
  });

  it('spoil an aggregate whole', async () => {
    await preCommitted(1, 2, 3, 4);
    test.devnet.control.rejectProofs([3]);
    const aggregate = {
      sectorProofs: [],
      aggregateProof: await aggregateOf(test, [1, 2, 3, 4]),
      aggregateProofType: 1,
    };
    const params = { ...(await proven(1, 2, 3, 4)), ...aggregate };
    expect(await test.refusal(ProveCommitSectors3, params)).toContain('aggregate seal verify failed');
  });

  it('fail again when the chain is executed again: after a restart, on a fork, in a replay', async () => {
    await preCommitted(1, 2);
    test.devnet.control.rejectProofs([1]);
    const cid = await test.send(ProveCommitSectors3, await proven(1, 2));
    await test.devnet.control.mine(2);
    const { receipt } = await test.lotus.stateWaitMsg(cid, 0, -1, true);
    expect((await test.lotus.stateReplay([], cid)).msgRct).toEqual(receipt);
    test.devnet.control.rejectProofs([]);
    await test[Symbol.asyncDispose]();
    test = await startTestDevnet({ stateDir: folder.path });
    expect((await test.lotus.stateSearchMsg([], cid, -1, true))?.receipt).toEqual(receipt);
    expect(await test.lotus.stateSectorGetInfo(MINER, 1, [])).toBeNull();
  });

  it('fail the estimate of any batch with them, for those who bisect', async () => {
    test.devnet.control.rejectEstimates([2]);
    const sectors = await Promise.all([1, 2, 3].map((number) => preCommitInfo(test, number)));
    const refusal = (members: typeof sectors) => test.refusal(PreCommitSectorBatch2, { sectors: members });
    expect(await refusal(sectors)).toMatch(
      /^3: message execution failed \(exit=\[.*16\)\].*sector 2 is refused/s,
    );
    expect(await refusal(sectors.filter(({ sectorNumber }) => sectorNumber !== 2))).toBe('accepted');
    await control('RejectEstimates', { sectors: [] });
    expect(await refusal(sectors)).toBe('accepted');
  });
});

describe('a base fee', () => {
  it('spikes for a while, and then falls by an eighth an epoch', async () => {
    const baseFee = async () => (await test.lotus.chainHead()).blocks[0]?.parentBaseFee;
    await control('SpikeBaseFee', { baseFee: '8000', epochs: 2 });
    const seen: unknown[] = [];
    for (let block = 0; block < 4; block++) {
      await test.devnet.control.mine();
      seen.push(await baseFee());
    }
    expect(seen).toEqual([8_000n, 8_000n, 7_000n, 6_125n]);
  });
});

describe('a batch', () => {
  it('that is too large for a block runs out of gas, and says so', async () => {
    const numbers = Array.from({ length: 700 }, (_, number) => number);
    const half = (part: number[]) => Promise.all(part.map((number) => preCommitInfo(test, number)));
    for (const part of [numbers.slice(0, 350), numbers.slice(350)]) {
      const { receipt } = await test.execute(PreCommitSectorBatch2, { sectors: await half(part) });
      expect(receipt.exitCode).toBe(0);
    }
    await test.devnet.control.mine(11);
    const aggregate = async (members: number[]) => {
      const sectors = members.map((number) => ({ number, proof: new Uint8Array() }));
      const proof = {
        sectorProofs: [],
        aggregateProof: await aggregateOf(test, members),
        aggregateProofType: 1,
      };
      return test.refusal(ProveCommitSectors3, { ...proveCommitParams(sectors), ...proof });
    };
    expect(await aggregate(numbers.slice(0, 350))).toBe('accepted');
    expect(await aggregate(numbers)).toBe('2: call ran out of gas');
  });
});

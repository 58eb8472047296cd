import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decodeReturnOf, MINER_METHODS, unsealedCid } from '#codec';
import { commDOfPieces } from '#devnet';
import { aggregateOf, commitment, preCommitInfo, proofOf, proveCommitParams } from './sealing.ts';
import { MINER, startTestDevnet, type TestDevnet } from './test-devnet.ts';

const { PreCommitSectorBatch2, ProveCommitSectors3, WithdrawBalance } = MINER_METHODS;

let test: TestDevnet;
beforeEach(async () => {
  test = await startTestDevnet();
  await test.devnet.control.mine(3);
});
afterEach(() => test[Symbol.asyncDispose]());

/** Pre-commits sectors and mines until they may be proven. */
async function preCommitted(...numbers: number[]): Promise<void> {
  const sectors = await Promise.all(numbers.map((number) => preCommitInfo(test, number)));
  const { receipt } = await test.execute(PreCommitSectorBatch2, { sectors });
  expect(receipt.exitCode).toBe(0);
  await test.devnet.control.mine(11);
}

const proven = async (number: number) => ({ number, proof: await proofOf(test, number) });

describe('a sector', () => {
  it('goes from pre-commit over its seed to a deadline, without power yet', async () => {
    const { lotus } = test;
    const cid = await test.send(PreCommitSectorBatch2, { sectors: [await preCommitInfo(test, 7)] });
    expect(await lotus.stateSearchMsg([], cid, -1, true)).toBeNull();
    await test.devnet.control.mine();
    const included = test.devnet.control.height;
    expect(await lotus.stateSectorPreCommitInfo(MINER, 7, [])).toBeNull();
    await test.devnet.control.mine();
    const found = await lotus.stateSearchMsg([], cid, -1, true);
    expect(found).toMatchObject({ height: included + 1, receipt: { exitCode: 0 } });
    const onChain = await lotus.stateSectorPreCommitInfo(MINER, 7, []);
    expect(onChain?.preCommitEpoch).toBe(included);

    await test.devnet.control.mine(10);
    const lookup = await test.execute(ProveCommitSectors3, proveCommitParams([await proven(7)]));
    expect(lookup.receipt.exitCode).toBe(0);
    expect(lookup.returnDec).toEqual({ SuccessCount: 1, FailCodes: null });
    expect(await lotus.stateSectorPreCommitInfo(MINER, 7, [])).toBeNull();
    const sector = await lotus.stateSectorGetInfo(MINER, 7, []);
    expect(sector).toMatchObject({ activation: lookup.height - 1, initialPledge: 59_604_643_840n });
    const { deadline, partition } = await lotus.stateSectorPartition(MINER, 7, []);
    const partitions = await lotus.stateMinerPartitions(MINER, deadline, []);
    expect([...(partitions[partition]?.liveSectors ?? [])]).toEqual([7]);
    expect([...(partitions[partition]?.activeSectors ?? [])]).toEqual([]);
    expect((await lotus.stateMinerPower(MINER, [])).minerPower.qualityAdjPower).toBe(0n);
    expect([...(await lotus.stateMinerAllocated(MINER, []))]).toEqual([7]);
  });

  it('locks its deposit, then its pledge', async () => {
    const { lotus } = test;
    const before = await lotus.stateMinerAvailableBalance(MINER, []);
    await preCommitted(1);
    const deposit = (await lotus.stateSectorPreCommitInfo(MINER, 1, []))?.preCommitDeposit ?? 0n;
    expect(deposit).toBeGreaterThan(0n);
    const locked = async () => before - (await lotus.stateMinerAvailableBalance(MINER, []));
    // Tips of the messages go to the miner of the blocks, which is this one.
    expect(await locked()).toBeLessThanOrEqual(deposit);
    await test.execute(ProveCommitSectors3, proveCommitParams([await proven(1)]));
    expect(await locked()).toBeLessThan(59_604_643_840n);
  });

  it('carries pieces whose CommD was pre-committed', async () => {
    const pieces = [512, 256].map((size) => ({
      cid: unsealedCid(commitment(`piece ${size}`)),
      size,
      verifiedAllocationKey: null,
      notify: [],
    }));
    const info = await preCommitInfo(test, 2, { unsealedCid: unsealedCid(commDOfPieces(pieces, 2048)) });
    await test.execute(PreCommitSectorBatch2, { sectors: [info] });
    await test.devnet.control.mine(11);
    const sector = await proven(2);
    expect(await test.refusal(ProveCommitSectors3, proveCommitParams([sector]))).toContain(
      'unsealed CID does not match pieces for sector 2',
    );
    const swapped = proveCommitParams([{ ...sector, pieces: pieces.toReversed() }]);
    expect(await test.refusal(ProveCommitSectors3, swapped)).toContain('unsealed CID does not match');
    const { receipt } = await test.execute(ProveCommitSectors3, proveCommitParams([{ ...sector, pieces }]));
    expect(receipt.exitCode).toBe(0);
    const lifetime = BigInt(
      info.expiration - ((await test.lotus.stateSectorGetInfo(MINER, 2, []))?.activation ?? 0),
    );
    expect((await test.lotus.stateSectorGetInfo(MINER, 2, []))?.dealWeight).toBe(768n * lifetime);
  });
});

describe('PreCommitSectorBatch2', () => {
  it('is all or nothing', async () => {
    const sectors = [await preCommitInfo(test, 1), await preCommitInfo(test, 2, { sealRandEpoch: 99_999 })];
    expect(await test.refusal(PreCommitSectorBatch2, { sectors })).toMatch(
      /^3: message execution failed \(exit=\[ErrIllegalArgument\(16\)\].*seal challenge epoch 99999 must be before now/s,
    );
    expect([...(await test.lotus.stateMinerAllocated(MINER, []))]).toEqual([]);
  });

  it('never gives a number twice, even when the pre-commit has gone', async () => {
    await preCommitted(3);
    await test.execute(ProveCommitSectors3, proveCommitParams([await proven(3)]));
    expect(await test.refusal(PreCommitSectorBatch2, { sectors: [await preCommitInfo(test, 3)] })).toContain(
      'already allocated',
    );
  });

  it('counts pending messages of the sender when it estimates', async () => {
    const params = { sectors: [await preCommitInfo(test, 4)] };
    await test.send(PreCommitSectorBatch2, params);
    // As on Lotus, the pending message that holds the estimated one's own nonce does not count.
    expect(await test.refusal(PreCommitSectorBatch2, params, { nonce: 0 })).toBe('accepted');
    expect(await test.refusal(PreCommitSectorBatch2, params, { nonce: 1 })).toContain('already allocated');
  });
});

describe('ProveCommitSectors3', () => {
  it('fails whole for one sector that is too early, at the seed epoch itself too', async () => {
    const { preCommitEpoch } = await (async () => {
      await test.execute(PreCommitSectorBatch2, { sectors: [await preCommitInfo(test, 1)] });
      const onChain = await test.lotus.stateSectorPreCommitInfo(MINER, 1, []);
      if (!onChain) throw new Error('not pre-committed');
      return onChain;
    })();
    await test.devnet.control.mineTo(preCommitEpoch + 10);
    const params = proveCommitParams([await proven(1)]);
    expect(await test.refusal(ProveCommitSectors3, params)).toMatch(
      /ErrForbidden\(18\).*too early to prove sector/s,
    );
    await test.devnet.control.mine();
    expect(await test.refusal(ProveCommitSectors3, params)).toBe('accepted');
  });

  it('fails whole for a missing pre-commit', async () => {
    await preCommitted(1);
    const params = proveCommitParams([await proven(1), { number: 99, proof: new Uint8Array(192) }]);
    expect(await test.refusal(ProveCommitSectors3, params)).toMatch(
      /ErrNotFound\(17\).*sector 99 not found/s,
    );
  });

  it('fails one sector for a bad proof, the whole when success is required', async () => {
    await preCommitted(1, 2, 3);
    const bad = { number: 2, proof: new Uint8Array(192) };
    const sectors = [await proven(1), bad, await proven(3)];
    expect(
      await test.refusal(ProveCommitSectors3, proveCommitParams(sectors, { requireActivationSuccess: true })),
    ).toContain('invalid proof for sector 2 while requiring activation success');
    expect(await test.refusal(ProveCommitSectors3, proveCommitParams([bad]))).toContain(
      'no valid proofs specified',
    );
    const { receipt, returnDec } = await test.execute(ProveCommitSectors3, proveCommitParams(sectors));
    expect(decodeReturnOf(ProveCommitSectors3, receipt.return, 't')).toEqual({
      successCount: 2,
      failCodes: [{ index: 1, code: 16 }],
    });
    expect(returnDec).toEqual({ SuccessCount: 2, FailCodes: [{ Idx: 1, Code: 16 }] });
    expect(await test.lotus.stateSectorPreCommitInfo(MINER, 2, [])).not.toBeNull();
    expect(await test.lotus.stateSectorGetInfo(MINER, 1, [])).not.toBeNull();
  });

  it('takes one aggregate for four sectors or more, and fails whole for a bad one', async () => {
    const numbers = [1, 2, 3, 4];
    await preCommitted(...numbers);
    const sectors = numbers.map((number) => ({ number, proof: new Uint8Array() }));
    const aggregate = (proof: Uint8Array) =>
      proveCommitParams(sectors, { sectorProofs: [], aggregateProof: proof, aggregateProofType: 1 });
    expect(
      await test.refusal(ProveCommitSectors3, aggregate(await aggregateOf(test, [1, 2, 4, 3]))),
    ).toContain('aggregate seal verify failed');
    const { returnDec } = await test.execute(
      ProveCommitSectors3,
      aggregate(await aggregateOf(test, numbers)),
    );
    expect(returnDec).toEqual({ SuccessCount: 4, FailCodes: null });
  });

  it('takes only proofs in one form', async () => {
    await preCommitted(1);
    const sector = await proven(1);
    const refusal = (change: Parameters<typeof proveCommitParams>[1]) =>
      test.refusal(ProveCommitSectors3, proveCommitParams([sector], change));
    expect(await refusal({ sectorProofs: [] })).toContain('exactly one of sector proofs or aggregate proof');
    expect(await refusal({ aggregateProofType: 1 })).toContain('aggregate proof type must be null');
    expect(await refusal({ sectorProofs: [sector.proof, sector.proof] })).toContain(
      'mismatched lengths: 1 sector',
    );
    expect(await refusal({ sectorProofs: [new Uint8Array(193)] })).toContain(
      'sector proof size 193 exceeds max 192',
    );
    expect(
      await refusal({ sectorProofs: [], aggregateProof: new Uint8Array(9), aggregateProofType: 1 }),
    ).toContain('too few sectors addressed, addressed 1 want >= 4');
    expect(await test.refusal(ProveCommitSectors3, proveCommitParams([]))).toContain('no sectors to prove');
  });

  it('refuses when a notified actor must answer', async () => {
    await preCommitted(1);
    const piece = {
      cid: unsealedCid(commitment('piece')),
      size: 2048,
      verifiedAllocationKey: null,
      notify: [{ address: 't05', payload: Uint8Array.of(1) }],
    };
    const info = await preCommitInfo(test, 9, { unsealedCid: unsealedCid(commDOfPieces([piece], 2048)) });
    await test.execute(PreCommitSectorBatch2, { sectors: [info] });
    await test.devnet.control.mine(11);
    const sector = { ...(await proven(9)), pieces: [piece] };
    const strict = proveCommitParams([sector], { requireNotificationSuccess: true });
    expect(await test.refusal(ProveCommitSectors3, strict)).toContain('receiver aborted');
    expect(await test.refusal(ProveCommitSectors3, proveCommitParams([sector]))).toBe('accepted');
  });
});

describe('the miner’s money', () => {
  it('that is locked cannot be withdrawn', async () => {
    const { receipt } = await test.execute(WithdrawBalance, { amountRequested: 10n ** 30n });
    expect(receipt.exitCode).toBe(0);
    expect(await test.refusal(PreCommitSectorBatch2, { sectors: [await preCommitInfo(test, 1)] })).toMatch(
      /ErrInsufficientFunds\(19\).*insufficient funds 0\.\d+ for pre-commit deposit: 0\.000000\d+/s,
    );
    const [sector] = [await preCommitInfo(test, 1)];
    expect(await test.refusal(PreCommitSectorBatch2, { sectors: [sector] }, { value: 10n ** 13n })).toBe(
      'accepted',
    );
  });

  it('is the owner’s and the worker’s alone', async () => {
    const operator = test.devnet.accounts.operator ?? '';
    expect(
      await test.refusal(
        PreCommitSectorBatch2,
        { sectors: [await preCommitInfo(test, 1)] },
        { from: operator },
      ),
    ).toMatch(/ErrForbidden\(18\).*caller f0101 is not one of supported/s);
    expect(await test.refusal(WithdrawBalance, { amountRequested: 1n }, { from: operator })).toContain(
      'caller f0101 is not one of supported',
    );
  });
});

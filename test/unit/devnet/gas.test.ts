import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LOTUS_METHODS } from '#chain';
import { type Message, MINER_METHODS } from '#codec';
import { chargedBytes } from '../../../src/devnet/chain/vm.ts';
import { MINIMUM_BASE_FEE, nextBaseFee } from '../../../src/devnet/gas/base-fee.ts';
import { gasOutputs } from '../../../src/devnet/gas/gas-outputs.ts';
import { executionGas, onChainMessageGas } from '../../../src/devnet/gas/message-gas.ts';
import { BLOCK_GAS_LIMIT } from '../../../src/devnet/policy.ts';
import { recording } from './recording.ts';

interface Replay {
  Msg: unknown;
  MsgRct: { GasUsed: number };
  GasCost: Record<'BaseFeeBurn' | 'OverEstimationBurn' | 'MinerPenalty' | 'MinerTip' | 'Refund', string>;
  ExecutionTrace: { GasCharges: { Name: string; tg: number }[] };
}

const REPLAYS = [
  '050-StateReplay-PreCommitSectorBatch2',
  '053-StateReplay-ProveCommitSectors3',
  '110-StateReplay-send',
  '148-StateReplay-SubmitWindowedPoSt',
  '175-StateReplay-CreateMiner',
];

function replay(name: string): { readonly message: Message; readonly replay: Replay } {
  const answer = recording(name).response.result as Replay;
  return { replay: answer, message: z.decode(LOTUS_METHODS.StateCall.params[0], answer.Msg as never) };
}

describe('gas money', () => {
  it.each(REPLAYS)('is split as recorded in %s', (name) => {
    const { message, replay: recorded } = replay(name);
    const outputs = gasOutputs(
      BigInt(recorded.MsgRct.GasUsed),
      message.gasLimit,
      100n,
      message.gasFeeCap,
      message.gasPremium,
    );
    const { BaseFeeBurn, OverEstimationBurn, MinerPenalty, MinerTip, Refund } = recorded.GasCost;
    expect(outputs).toEqual({
      baseFeeBurn: BigInt(BaseFeeBurn),
      overEstimationBurn: BigInt(OverEstimationBurn),
      minerPenalty: BigInt(MinerPenalty),
      minerTip: BigInt(MinerTip),
      refund: BigInt(Refund),
    });
  });
});

describe('gas of a message', () => {
  it.each(REPLAYS)('for its storage is that of %s', (name) => {
    const { message, replay: recorded } = replay(name);
    expect(onChainMessageGas(chargedBytes(message))).toBe(recorded.ExecutionTrace.GasCharges[0]?.tg);
  });

  it('for a transfer is exact', () => {
    const { message, replay: recorded } = replay('110-StateReplay-send');
    const work = { method: 0, created: false, actor: 'account', sectors: 0, proofs: 0, returnBytes: 0 };
    const used =
      onChainMessageGas(chargedBytes(message)) + executionGas({ ...work, value: 1n, aborted: false });
    expect(used).toBe(recorded.MsgRct.GasUsed);
  });

  it.each([
    ['050-StateReplay-PreCommitSectorBatch2', 'storageminer', 28, 0, 0],
    ['053-StateReplay-ProveCommitSectors3', 'storageminer', 34, 1, 3],
    ['175-StateReplay-CreateMiner', 'storagepower', 2, 0, 27],
  ] as const)('for a method is within 3 %% of %s', (name, actor, method, proofs, returnBytes) => {
    const { message, replay: recorded } = replay(name);
    const work = { actor, method, proofs, returnBytes, sectors: 1, created: false, aborted: false };
    const used = onChainMessageGas(chargedBytes(message)) + executionGas({ ...work, value: message.value });
    expect(used / recorded.MsgRct.GasUsed).toBeGreaterThan(0.97);
    expect(used / recorded.MsgRct.GasUsed).toBeLessThan(1.03);
  });
});

describe('gas of a batch', () => {
  const work = { actor: 'storageminer', value: 0n, created: false, aborted: false, returnBytes: 0 };
  const precommit = (sectors: number) =>
    executionGas({ ...work, method: MINER_METHODS.PreCommitSectorBatch2.number, sectors, proofs: 0 });
  const commit = (sectors: number, proofs: number) =>
    executionGas({ ...work, method: MINER_METHODS.ProveCommitSectors3.number, sectors, proofs });

  it('saves as much as on mainnet: FIP-0100', () => {
    // 4.6 of 16.7 million, and 145 of 267.5.
    expect(precommit(4) / 4 / precommit(1)).toBeCloseTo(4.6 / 16.7, 1);
    expect(commit(4, 4) / 4 / commit(1, 1)).toBeLessThan(0.75);
  });

  it('of 256 pre-commits, or 33 proofs, fits a block', () => {
    expect(precommit(256)).toBeLessThan(BLOCK_GAS_LIMIT / 10);
    expect(commit(33, 33)).toBeLessThan(BLOCK_GAS_LIMIT / 4);
  });

  it.each([
    [4, 103_994_170 + 4 * 449_900],
    [103, 210_960_780 + 103 * 449_900],
    [409, 318_351_180 + 409 * 449_900],
  ])('aggregated of %i adds what one verification costs', (sectors, gas) => {
    expect(commit(sectors, 0) - (34_500_000 + 13_100_000 * sectors) - 75_000).toBe(gas);
  });

  it('aggregated is cheaper than proofs one by one from four sectors on, and 819 are too many for a block', () => {
    expect(commit(4, 0)).toBeLessThan(commit(4, 4));
    expect(commit(512, 0)).toBeLessThan(BLOCK_GAS_LIMIT);
    expect(commit(819, 0)).toBeGreaterThan(BLOCK_GAS_LIMIT);
  });
});

describe('base fee', () => {
  const full = (premium: bigint) => [{ limit: 9_000_000_000n, feeCap: 10n ** 12n, premium }];

  it.each([
    ['falls by an eighth, rounded up, after an empty block', 10_000n, [], 8_750n],
    ['never falls below the minimum', 101n, [], MINIMUM_BASE_FEE],
    ['rises by an eighth when a full block pays', 10_000n, full(1_000_000n), 11_250n],
    ['stays when the full block offers just that eighth', 10_000n, full(1_250n), 10_000n],
    [
      'falls when a fifth of the block is all that pays',
      10_000n,
      [{ limit: 2_000_000_000n, feeCap: 10n ** 12n, premium: 9n }],
      8_750n,
    ],
  ])('%s', (_what, fee, claims, expected) => {
    expect(nextBaseFee(fee, claims)).toBe(expected);
  });
});

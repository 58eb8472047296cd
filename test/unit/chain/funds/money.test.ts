import { describe, expect, test } from 'vitest';
import {
  addressChange,
  type CollateralRules,
  collateralToSend,
  debtRepayment,
  minerStanding,
  standingOf,
  withdrawal,
  workerConfirmation,
} from '#chain';
import { decodeParamsOf, MINER_METHODS } from '#codec';
import { type ErrorCode, isBeeproError } from '#core';

const throwing = (code: ErrorCode) => expect.toSatisfy((error: unknown) => isBeeproError(error, code));

describe('standingOf', () => {
  const clean = { unlocked: 100n, feeDebt: 0n, consensusFaultElapsed: -1 };
  test.each([
    ['nothing against it', {}, 500, undefined],
    [
      'a debt that the unlocked balance covers is burnt with the next message',
      { feeDebt: 100n },
      500,
      undefined,
    ],
    ['one that it does not cover', { feeDebt: 101n }, 500, 'MINER_FEE_DEBT'],
    ['a fault that counts', { consensusFaultElapsed: 900 }, 500, 'MINER_CONSENSUS_FAULT'],
    ['its last epoch', { consensusFaultElapsed: 900 }, 900, 'MINER_CONSENSUS_FAULT'],
    ['over with the next', { consensusFaultElapsed: 900 }, 901, undefined],
    [
      'both: the fault, which money does not end',
      { feeDebt: 101n, consensusFaultElapsed: 900 },
      500,
      'MINER_CONSENSUS_FAULT',
    ],
  ])('%s', (_what, change, head, code) => {
    expect(standingOf(1000, { ...clean, ...change }, head).blocked?.code).toBe(code);
  });
});

describe('minerStanding', () => {
  const state = { PreCommitDeposits: '1', LockedFunds: '2', FeeDebt: '50', InitialPledge: '3', More: {} };
  const chainOf = (shown: unknown) => {
    const calls: string[] = [];
    const chain = {
      node: 'n',
      stateReadState: async () => {
        calls.push('state');
        return { balance: 40n, code: '', state: shown };
      },
      stateMinerInfo: async () => {
        calls.push('info');
        return { consensusFaultElapsed: -1 };
      },
    };
    return { calls, modules: { chain } as unknown as Parameters<typeof minerStanding>[0] };
  };

  test('is asked once a miner and head, two calls in all', async () => {
    const { calls, modules } = chainOf(state);
    const view = { head: 10, key: ['a'] };
    const [first] = await Promise.all([
      minerStanding(modules, view, 1000),
      minerStanding(modules, view, 1000),
    ]);
    expect(first).toMatchObject({ unlocked: 34n, feeDebt: 50n, blocked: { code: 'MINER_FEE_DEBT' } });
    expect(calls).toHaveLength(2);
    await minerStanding(modules, { head: 11, key: ['b'] }, 1000);
    expect(calls).toHaveLength(4);
  });

  test('a state of another shape is an error, and is asked again', async () => {
    const { calls, modules } = chainOf({ FeeDebt: '0' });
    const view = { head: 10, key: ['a'] };
    await expect(minerStanding(modules, view, 1000)).rejects.toEqual(throwing('CHAIN_PROTOCOL'));
    await expect(minerStanding(modules, view, 1000)).rejects.toEqual(throwing('CHAIN_PROTOCOL'));
    expect(calls.filter((call) => call === 'state')).toHaveLength(2);
  });
});

describe('collateralToSend', () => {
  const rules = (source: CollateralRules['source'], marginPercent = 10) => ({ source, marginPercent });
  test.each([
    ['what the miner lacks', 100n, 30n, rules('miner-first'), 80n],
    ['nothing where it has enough', 100n, 110n, rules('miner-first'), 0n],
    ['without a margin', 100n, 30n, rules('miner-first', 0), 70n],
    ['a debt comes on top', 100n, -5n, rules('miner-first'), 115n],
    ['all by the sender', 100n, 1_000n, rules('sender'), 110n],
    ['nothing by the sender', 100n, 0n, rules('miner-only'), 0n],
  ])('%s', (_what, needed, available, by, expected) => {
    expect(collateralToSend(needed, available, by)).toBe(expected);
  });
});

describe('messages about a miner’s account', () => {
  const facts = { available: 70n, beneficiary: 't0100' };
  test.each([
    [70n, 70n],
    [1n, 1n],
    ['all', 70n],
  ] as const)('withdraw %s', (amount, requested) => {
    const { method, params, value } = withdrawal('t01000', amount, facts);
    expect(method).toBe(16);
    expect(value).toBe(0n);
    expect(decodeParamsOf(MINER_METHODS.WithdrawBalance, params, 't')).toEqual({
      amountRequested: requested,
    });
  });

  test.each([[71n], [0n]])('nothing is withdrawn of %s', (amount) => {
    expect(() => withdrawal('t01000', amount, facts)).toThrow(throwing('MINER_BALANCE_SHORT'));
  });

  test('all of nothing is refused', () => {
    expect(() => withdrawal('t01000', 'all', { ...facts, available: -3n })).toThrow(
      throwing('MINER_BALANCE_SHORT'),
    );
  });

  test('a debt is repaid with what the sender brings', () => {
    expect(debtRepayment('t01000', 50n, 20n)).toMatchObject({
      method: 22,
      value: 20n,
      params: new Uint8Array(),
    });
    expect(() => debtRepayment('t01000', 0n, 0n)).toThrow(throwing('INPUT_INVALID'));
  });

  test('control addresses are replaced, and the worker stays unless another is asked for', () => {
    const info = { worker: 't0101', newWorker: null };
    const kept = addressChange('t01000', info, { control: ['t0102'] });
    expect(kept.method).toBe(3);
    expect(decodeParamsOf(MINER_METHODS.ChangeWorkerAddress, kept.params, 't')).toEqual({
      newWorker: 't0101',
      newControlAddresses: ['t0102'],
    });
    expect(kept.says).not.toContain('900');
    const other = addressChange('t01000', info, { control: [], worker: 't0105' });
    expect(decodeParamsOf(MINER_METHODS.ChangeWorkerAddress, other.params, 't').newWorker).toBe('t0105');
    expect(other.says).toContain('no control addresses');
    expect(other.says).toContain('900 epochs');
  });

  test.each([
    [
      'eleven',
      { worker: 't0101', newWorker: null },
      { control: Array.from({ length: 11 }, (_, i) => `t0${i}`) },
    ],
    ['a second new worker', { worker: 't0101', newWorker: 't0104' }, { control: [], worker: 't0105' }],
  ])('refused: %s', (_what, info, change) => {
    expect(() => addressChange('t01000', info, change)).toThrow(throwing('INPUT_INVALID'));
  });

  test.each([
    ['nothing asked for', null, 2_000],
    ['too early', 't0105', 899],
  ])('no confirmation: %s', (_what, newWorker, head) => {
    const info = { newWorker, workerChangeEpoch: 900 };
    expect(() => workerConfirmation('t01000', info, head)).toThrow(throwing('INPUT_INVALID'));
  });

  test('a confirmation when it is due', () => {
    expect(workerConfirmation('t01000', { newWorker: 't0105', workerChangeEpoch: 900 }, 900)).toMatchObject({
      method: 21,
    });
  });
});

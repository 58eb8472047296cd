import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { feeCaps, feePurposeOf } from '#chain';
import { FEE_PURPOSES, SettingTable } from '#config';

const FIL = 10n ** 18n;

function settings(values: Readonly<Record<string, string>>, scope = '*'): SettingTable {
  const rows = Object.entries(values).map(([name, value]) => ({ name, scope, value }));
  return new SettingTable(rows, () => undefined);
}

const row = (change = {}) => ({
  purpose: 'precommit',
  miner: 1000,
  deadline_epoch: null as number | null,
  max_fee: 7n,
  ...change,
});

describe('feeCaps', () => {
  const set = settings({
    'fee.precommit.max': '1 FIL',
    'fee.precommit.urgent_max': '3 FIL',
    'fee.precommit.urgent_within': '100',
    'fee.precommit.fee_cap': '2 nanoFIL',
    'fee.precommit.premium_max': '1 nanoFIL',
  });
  const calm = { maxFee: FIL, feeCap: 2_000_000_000n, premium: 1_000_000_000n, isUrgent: false };
  const urgent = { maxFee: 3n * FIL, feeCap: undefined, premium: undefined, isUrgent: true };

  test.each([
    ['nothing presses without a deadline', null, 5_000, calm],
    ['long before the deadline', 5_000, 4_000, calm],
    ['an epoch before it presses', 5_000, 4_899, calm],
    ['it presses', 5_000, 4_900, urgent],
    ['at its deadline', 5_000, 5_000, urgent],
    ['and when it is over, for whoever still sends it', 5_000, 6_000, urgent],
  ])('%s', (_what, deadline_epoch, head, expected) => {
    expect(feeCaps(set, row({ deadline_epoch }), head)).toEqual({ ...expected, overestimation: 1.25 });
  });

  test('within 0 epochs it never presses', () => {
    const never = settings({ 'fee.precommit.urgent_within': '0' });
    expect(feeCaps(never, row({ deadline_epoch: 10 }), 10)).toMatchObject({ isUrgent: false });
  });

  test('the higher limit is never the lower one', () => {
    const wrong = settings({ 'fee.precommit.max': '5 FIL', 'fee.precommit.urgent_max': '1 FIL' });
    expect(feeCaps(wrong, row({ deadline_epoch: 10 }), 10)).toMatchObject({
      maxFee: 5n * FIL,
      isUrgent: true,
    });
  });

  test('a miner has its own', () => {
    const own = settings(
      { 'fee.precommit.max': '9 FIL', 'fee.precommit.gas_overestimation': '2' },
      'miner:7',
    );
    expect(feeCaps(own, row({ miner: 7 }), 0)).toMatchObject({ maxFee: 9n * FIL, overestimation: 2 });
    expect(feeCaps(own, row(), 0)).toMatchObject({ maxFee: FIL, overestimation: 1.25 });
  });

  test.each([
    ['precommit', 'precommit'],
    ['withdraw', 'withdraw'],
    ['repay-debt', 'other'],
    ['control', 'other'],
    ['send', undefined],
  ])('a row for %s is held to the settings of %s', (purpose, expected) => {
    expect(feePurposeOf(purpose)).toBe(expected);
    const { maxFee } = feeCaps(
      settings({ 'fee.other.max': '5 FIL', 'fee.withdraw.max': '6 FIL' }),
      row({ purpose }),
      0,
    );
    const own = expected === 'precommit' ? FIL : expected === 'withdraw' ? 6n * FIL : 5n * FIL;
    expect(maxFee).toBe(expected === undefined ? 7n : own);
  });

  test('coming nearer to its deadline, a message may never pay less', () => {
    const epoch = fc.integer({ min: 0, max: 10_000 });
    const amount = fc.bigInt({ min: 0n, max: 10n ** 20n }).map((value) => `${value} attoFIL`);
    fc.assert(
      fc.property(
        fc.constantFrom(...FEE_PURPOSES),
        ...([amount, amount, epoch, epoch, epoch, epoch] as const),
        (purpose, max, urgentMax, within, deadline_epoch, early, later) => {
          const table = settings({
            [`fee.${purpose}.max`]: max,
            [`fee.${purpose}.urgent_max`]: urgentMax,
            [`fee.${purpose}.urgent_within`]: String(within),
          });
          const at = (head: number) => feeCaps(table, row({ purpose, deadline_epoch }), head).maxFee;
          return at(Math.min(early, later)) <= at(Math.max(early, later));
        },
      ),
    );
  });
});

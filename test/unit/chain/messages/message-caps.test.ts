import { expect, test } from 'vitest';
import { messageCaps } from '#chain';
import { SettingTable } from '#config';

const FIL = 10n ** 18n;
const message = (purpose: string) => ({ purpose, miner: 1000, max_fee: 7n, deadline_epoch: null });
const settings = new SettingTable(
  [
    { name: 'fee.precommit.max', scope: 'miner:1000', value: '3 FIL' },
    { name: 'fee.gas_overestimation', scope: '*', value: '1.5' },
  ],
  () => undefined,
);

test.each([
  ['precommit', 3n * FIL],
  ['commit', 2n * FIL],
  ['send', 7n],
])('a message of purpose %s may cost %s attoFIL', (purpose, maxFee) => {
  expect(messageCaps(settings, message(purpose), 100)).toEqual({ maxFee, overestimation: 1.5 });
});

import { expect, test } from 'vitest';
import { stateText, waitText } from '../../../src/cli/message-format.ts';

const NOW = new Date('2026-01-01T01:00:00Z');
const FIL = 10n ** 18n;

test.each([
  [{ error_code: null, fee_needed: null, max_fee: FIL, waits_since: null }, null],
  [
    {
      error_code: 'MESSAGE_FEE_OVER_CAP',
      fee_needed: 2n * FIL,
      max_fee: FIL,
      waits_since: new Date('2026-01-01T00:56:55Z'),
    },
    'MESSAGE_FEE_OVER_CAP (needs 2 FIL, cap 1 FIL) for 3m05s',
  ],
  [
    { error_code: 'CHAIN_UNREACHABLE', fee_needed: null, max_fee: FIL, waits_since: null },
    'CHAIN_UNREACHABLE',
  ],
])('%o waits for %s', (row, text) => {
  expect(waitText(row, NOW)).toBe(text);
});

test.each([
  [{ state: 'pushed', seen_at: null, cancel_code: null }, 'pushed'],
  [{ state: 'pushed', seen_at: NOW, cancel_code: null }, 'pushed, seen'],
  [{ state: 'signed', seen_at: null, cancel_code: 'MESSAGE_LAPSED' }, 'signed, cancelling'],
  [{ state: 'final', seen_at: NOW, cancel_code: 'MESSAGE_LAPSED' }, 'final'],
] as const)('%o is shown as %s', (row, text) => {
  expect(stateText(row)).toBe(text);
});

import { describe, expect, test } from 'vitest';
import {
  countArgument,
  durationArgument,
  limitArgument,
  listenArgument,
  minerArgument,
  numberArgument,
  sectorArgument,
  shareArgument,
  workerScopeArgument,
} from '../../../src/cli/arguments.ts';

type Reader = (text: string) => unknown;

const accepted: [string, Reader, string, unknown][] = [
  ['miner', minerArgument, 't01000', 1000],
  ['miner', minerArgument, 'f01000', 1000],
  ['miner', minerArgument, '1000', 1000],
  ['sector', sectorArgument, 't01000/12', { miner: 1000, number: 12 }],
  ['sector', sectorArgument, 's-t01000-12', { miner: 1000, number: 12 }],
  ['count', countArgument, '100000', 100_000],
  ['number', numberArgument, '0', 0],
  ['limit', limitArgument, '0', 0],
  ['duration', durationArgument, '500ms', 500],
  ['duration', durationArgument, '1.5s', 1_500],
  ['duration', durationArgument, '2h', 7_200_000],
  ['share', shareArgument, '0.25', 0.25],
  ['address', listenArgument, '127.0.0.1:0', { host: '127.0.0.1', port: 0 }],
  ['address', listenArgument, '[::1]:8840', { host: '::1', port: 8840 }],
  ['scope', workerScopeArgument, 'host-a', 'worker:host-a'],
  ['scope', workerScopeArgument, 'class:big', 'class:big'],
  ['scope', workerScopeArgument, '*', '*'],
];

test.each(accepted)('%s: %s', (_kind, read, text, value) => {
  expect(read(text)).toEqual(value);
});

const refused: [string, Reader, readonly string[]][] = [
  ['miner', minerArgument, ['', 't1abc', 't0', '-1', '99999999999999999999']],
  ['sector', sectorArgument, ['', '12', 't01000', 't01000/', 't01000/x', 't01000/12/3']],
  ['count', countArgument, ['', '0', '-1', '1.5', 'ten', '1e400']],
  ['number', numberArgument, ['', ' ', '-1', '0.5', 'x']],
  ['limit', limitArgument, ['', ' ', '-1', '0.5', 'x']],
  ['duration', durationArgument, ['', '4', '-4s', '0s', '4 s', '4d']],
  ['share', shareArgument, ['', ' ', '1', '-0.1', 'NaN']],
  ['address', listenArgument, ['', '8840', ':8840', 'host:', 'host:99999', '::1:80']],
];

describe.each(refused)('%s', (_kind, read, texts) => {
  test.each(texts)('"%s" is refused with what to write', (text) => {
    expect(() => read(text)).toThrow(/^(write|the phases are) /);
  });
});

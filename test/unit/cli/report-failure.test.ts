import { CommanderError } from 'commander';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { BeeproError, ERRORS, type ErrorCode } from '#core';
import { EXIT, exitCodeOf } from '../../../src/cli/exit-codes.ts';
import { reportFailure } from '../../../src/cli/report-failure.ts';

let written = '';

beforeEach(() => {
  written = '';
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written += text;
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const missing = new BeeproError('NOT_FOUND', { what: 'worker', name: 'host-z' });

test('people get the code, the sentence and the cure', () => {
  expect(reportFailure(missing, ['worker', 'show', 'host-z'])).toBe(EXIT.notFound);
  expect(written).toBe(`error NOT_FOUND: There is no worker host-z\n  → ${missing.cure}\n`);
});

test('machines get one JSON document, with the facts', () => {
  reportFailure(missing, ['worker', 'show', 'host-z', '--json']);
  expect(JSON.parse(written)).toEqual({
    error: {
      code: 'NOT_FOUND',
      severity: 'permanent',
      message: 'There is no worker host-z',
      cure: missing.cure,
      data: { what: 'worker', name: 'host-z' },
    },
  });
});

test('amounts in the facts are decimal strings', () => {
  reportFailure(new BeeproError('TIMED_OUT', { what: 'it', ms: 10n ** 21n }), ['--json']);
  expect(JSON.parse(written).error.data.ms).toBe('1000000000000000000000');
});

test('what is no error of ours is reported, and not as something to try again', () => {
  expect(reportFailure(new TypeError('x is undefined'), [])).toBe(EXIT.refused);
  expect(written).toContain('error INTERNAL: Unexpected failure: x is undefined');
});

test('a wrong word is told by commander to people, and by us to machines', () => {
  const wrong = new CommanderError(1, 'commander.unknownOption', "error: unknown option '--bogus'");
  expect(reportFailure(wrong, ['sector', 'list', '--bogus'])).toBe(EXIT.usage);
  expect(written).toBe('');
  expect(reportFailure(wrong, ['sector', 'list', '--bogus', '--json'])).toBe(EXIT.usage);
  expect(JSON.parse(written).error).toMatchObject({
    code: 'INPUT_INVALID',
    data: { detail: "unknown option '--bogus'" },
  });
});

test('help that was asked for is no failure', () => {
  expect(reportFailure(new CommanderError(0, 'commander.helpDisplayed', '(outputHelp)'), ['--help'])).toBe(
    EXIT.ok,
  );
});

test.each([
  ['INPUT_INVALID', EXIT.usage],
  ['ADDRESS_MALFORMED', EXIT.usage],
  ['SETTING_VALUE_INVALID', EXIT.usage],
  ['SETTING_UNKNOWN', EXIT.notFound],
  ['MINER_UNKNOWN', EXIT.notFound],
  ['PIECE_UNKNOWN', EXIT.notFound],
  ['DB_UNREACHABLE', EXIT.temporary],
  ['REDIS_UNREACHABLE', EXIT.temporary],
  ['CHAIN_TIMED_OUT', EXIT.temporary],
  ['DB_ACCESS_DENIED', EXIT.refused],
  ['DB_NOT_MIGRATED', EXIT.refused],
  ['SECTOR_EVENT_REFUSED', EXIT.refused],
  ['INTERNAL', EXIT.refused],
] as const)('%s ends with exit code %i', (code, exit) => {
  expect(exitCodeOf(new BeeproError(code))).toBe(exit);
});

test('every code has an exit code, and none says that all is well', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    expect([EXIT.refused, EXIT.usage, EXIT.notFound, EXIT.temporary]).toContain(
      exitCodeOf(new BeeproError(code)),
    );
  }
});

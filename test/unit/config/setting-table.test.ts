import { describe, expect, it } from 'vitest';
import { checkScope, type SettingContext, type SettingName, SettingTable } from '#config';

const table = (rows: Record<string, string>, lastGood?: string) =>
  new SettingTable(
    Object.entries(rows).map(([key, value]) => {
      const [name = '', scope = '*'] = key.split(' ');
      return { name, scope, value };
    }),
    () => lastGood,
  );

describe('the most specific scope wins', () => {
  const limits = table({
    'worker.limit.precommit1': '1',
    'worker.limit.precommit1 class:big': '2',
    'worker.limit.precommit1 worker:a': '3',
    'worker.class worker:b': 'big',
    'piece.wait': '1s',
    'piece.wait miner:1000': '2s',
  });
  it.each<[SettingName, SettingContext, unknown, string]>([
    ['worker.limit.precommit1', {}, 1, '*'],
    ['worker.limit.precommit1', { worker: 'a' }, 3, 'worker:a'],
    ['worker.limit.precommit1', { worker: 'a', class: 'big' }, 3, 'worker:a'],
    ['worker.limit.precommit1', { worker: 'c', class: 'big' }, 2, 'class:big'],
    ['worker.limit.precommit1', { class: 'big' }, 2, 'class:big'],
    ['worker.limit.precommit1', { worker: 'b' }, 2, 'class:big'],
    ['worker.limit.precommit1', { worker: 'b', class: '' }, 1, '*'],
    ['worker.limit.precommit1', { worker: 'c' }, 1, '*'],
    ['worker.limit.precommit2', { worker: 'a' }, 0, 'default'],
    ['piece.wait', { miner: 1000 }, 2_000, 'miner:1000'],
    ['piece.wait', { miner: 1001 }, 1_000, '*'],
    ['piece.wait', { miner: 1000, worker: 'a' }, 2_000, 'miner:1000'],
  ])('%s for %o is %s, from %s', (name, context, value, from) => {
    expect(limits.get(name, context)).toBe(value);
    expect(limits.explain(name, context)).toMatchObject({ value, from });
  });

  it('explains what every asked scope has', () => {
    const { asked, text } = limits.explain('worker.limit.precommit1', { worker: 'b' });
    expect(text).toBe('2');
    expect(asked.map(({ scope, entry }) => [scope, entry?.text])).toEqual([
      ['worker:b', undefined],
      ['class:big', '2'],
      ['*', '1'],
    ]);
  });
});

describe('rows without effect', () => {
  it.each([
    [{ 'no.such': '1' }, 'SETTING_UNKNOWN'],
    [{ 'web.bull_board_write miner:1000': 'true' }, 'SETTING_SCOPE_INVALID'],
    [{ 'worker.limit.unseal miner:1000': '4' }, 'SETTING_SCOPE_INVALID'],
    [{ 'worker.limit.unseal': 'four' }, 'SETTING_VALUE_INVALID'],
  ])('%o: %s', (rows, code) => {
    const { invalid } = table(rows);
    expect(invalid.map(({ error, inForce }) => [error?.code, inForce])).toEqual([[code, undefined]]);
  });

  it('a malformed value leaves the last good one in force, or the next scope', () => {
    const rows = { 'worker.limit.unseal': '7', 'worker.limit.unseal worker:a': 'x' };
    expect(table(rows, '5').get('worker.limit.unseal', { worker: 'a' })).toBe(5);
    expect(table(rows).get('worker.limit.unseal', { worker: 'a' })).toBe(7);
    expect(table(rows, '5').explain('worker.limit.unseal', { worker: 'a' })).toMatchObject({ text: '5' });
  });
});

describe('scopes', () => {
  it.each<[SettingName, string, boolean]>([
    ['web.bull_board_write', '*', true],
    ['web.bull_board_write', 'worker:a', false],
    ['piece.wait', 'miner:1000', true],
    ['piece.wait', 'miner:t01000', false],
    ['piece.wait', 'worker:a', false],
    ['worker.limit.unseal', 'worker:host-a.example', true],
    ['worker.limit.unseal', 'class:big', true],
    ['worker.limit.unseal', 'class:', false],
    ['worker.limit.unseal', 'host-a', false],
    ['worker.class', 'worker:a', true],
    ['worker.class', 'class:big', false],
  ])('%s for %s: %s', (name, scope, isAllowed) => {
    const check = () => checkScope(name, scope);
    if (isAllowed) expect(check).not.toThrow();
    else expect(check).toThrow(expect.objectContaining({ code: 'SETTING_SCOPE_INVALID' }));
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  contradictions,
  formatSettingValue,
  parseSettingValue,
  type SettingName,
  SettingTable,
  type SignerSetting,
} from '#config';
import { isBeeproError } from '#core';

const refused = expect.toSatisfy((error: unknown) => isBeeproError(error, 'SETTING_VALUE_INVALID'));

describe('wallet.signers', () => {
  test.each([
    ['node', [{ kind: 'node', method: 'WalletSign' }]],
    ['node method=WalletSignMessage', [{ kind: 'node', method: 'WalletSignMessage' }]],
    ['remote http://w:1777 token=env:W', [{ kind: 'remote', url: 'http://w:1777/rpc/v0', token: 'env:W' }]],
    [
      'remote /ip4/10.0.0.9/tcp/1777/http',
      [{ kind: 'remote', url: 'http://10.0.0.9:1777/rpc/v0', token: undefined }],
    ],
    [
      'remote token=file:/t /dns/wallet.lan/tcp/443/https',
      [{ kind: 'remote', url: 'https://wallet.lan/rpc/v0', token: 'file:/t' }],
    ],
    [
      'remote /ip6/::1/tcp/1777/http',
      [{ kind: 'remote', url: 'http://[::1]:1777/rpc/v0', token: undefined }],
    ],
    ['remote http://w:1/other', [{ kind: 'remote', url: 'http://w:1/other', token: undefined }]],
    [
      'node, store /etc/keys.json password=file:/etc/password',
      [
        { kind: 'node', method: 'WalletSign' },
        { kind: 'store', path: '/etc/keys.json', password: 'file:/etc/password' },
      ],
    ],
  ] satisfies (readonly [string, readonly SignerSetting[]])[])('%s', (text, expected) => {
    const value = parseSettingValue('wallet.signers', text);
    expect(value).toEqual(expected);
    expect(parseSettingValue('wallet.signers', formatSettingValue('wallet.signers', value))).toEqual(value);
  });

  test.each([
    '',
    'nodes',
    'node http://n:1',
    'node method=Sign',
    'node token=env:X',
    'remote',
    'remote ws://w:1',
    'remote http://user:pw@w:1',
    'remote http://w:1 token=eyJhbGciOi',
    'remote http://w:1 password=env:X',
    'remote /ip4/10.0.0.9/udp/1777',
    'remote /ip4/10.0.0.9/tcp/177777/http',
    'store keys.json password=env:X',
    'store /keys.json',
    'store /keys.json password=hunter2',
  ])('refuses "%s"', (text) => {
    expect(() => parseSettingValue('wallet.signers', text)).toThrow(refused);
  });
});

describe('lists of addresses', () => {
  const key = 't1pb6mnpouqceb45hdluif7wm7kon7xliv6jtyyza';
  test.each([
    ['', []],
    ['t0100', ['t0100']],
    [` t0100,${key}  f0200 `, ['t0100', key, 'f0200']],
    ['t0100, t0100', ['t0100']],
  ])('"%s"', (text, expected) => {
    const value = parseSettingValue('sender.commit', text);
    expect(value).toEqual(expected);
    expect(parseSettingValue('sender.commit', formatSettingValue('sender.commit', value))).toEqual(value);
  });

  test.each(['x0100', 't2pb6mnpouqceb45hdluif7wm7kon7xliv6jtyyza', 't01000x', 'worker', '0x12'])(
    'refuses "%s"',
    (text) => expect(() => parseSettingValue('sender.commit', text)).toThrow(refused),
  );
});

describe('optional limits', () => {
  test('empty is none, and everything else is written as it is read', () => {
    expect(parseSettingValue('fee.post.fee_cap', ' ')).toBeUndefined();
    expect(formatSettingValue('fee.post.fee_cap', undefined)).toBe('');
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 27n }), (amount) => {
        const text = formatSettingValue('fee.post.fee_cap', amount);
        return parseSettingValue('fee.post.fee_cap', text) === amount;
      }),
    );
  });

  test.each([
    ['2 nanoFIL', 2_000_000_000n],
    ['300 milliFIL', 3n * 10n ** 17n],
    ['7 attoFIL', 7n],
  ])('%s', (text, amount) => expect(parseSettingValue('fee.post.fee_cap', text)).toBe(amount));

  test('refuses what is no amount', () => {
    expect(() => parseSettingValue('fee.post.fee_cap', 'cheap')).toThrow(refused);
  });
});

describe('settings that contradict each other', () => {
  const found = (values: Partial<Record<SettingName, string>>) => {
    const rows = Object.entries(values).map(([name, value]) => ({ name, scope: '*', value }));
    const table = new SettingTable(rows, () => undefined);
    return contradictions((name) => table.get(name)).map(({ names, isRefused }) => [names[0], isRefused]);
  };

  test('the defaults do not', () => expect(found({})).toEqual([]));

  test.each([
    [
      'an urgent limit below the usual',
      { 'fee.commit.urgent_max': '1 FIL' },
      [['fee.commit.urgent_max', false]],
    ],
    [
      'a premium above the fee cap',
      { 'fee.commit.fee_cap': '1 nanoFIL', 'fee.commit.premium_max': '2 nanoFIL' },
      [['fee.commit.premium_max', false]],
    ],
    ['a fee cap alone', { 'fee.commit.fee_cap': '1 nanoFIL' }, []],
    [
      'one sender for window PoSts and batches',
      { 'sender.post': 't0100, t0101', 'sender.commit': 'f0101' },
      [['sender.post', true]],
    ],
    [
      'the same, allowed',
      { 'sender.post': 't0101', 'sender.commit': 't0101', 'sender.post_shared': 'true' },
      [],
    ],
    ['two senders', { 'sender.post': 't0100', 'sender.commit': 't0101' }, []],
  ] satisfies (readonly [string, Partial<Record<SettingName, string>>, readonly unknown[]])[])(
    '%s',
    (_what, values, expected) => expect(found(values)).toEqual(expected),
  );
});

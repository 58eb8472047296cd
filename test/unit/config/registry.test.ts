import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  type ChainNode,
  formatSettingValue,
  parseSettingName,
  parseSettingValue,
  SETTING_NAMES,
  type SettingName,
  type SettingValue,
  settingDefinition,
} from '#config';
import { PHASE_NAMES } from '#core';

describe('the registry', () => {
  it.each(SETTING_NAMES)('%s has a name, a valid default, a scope and a doc', (name) => {
    const { default: preset, doc, type } = settingDefinition(name);
    expect(name).toMatch(/^[a-z][a-z0-9]*(\.[a-z0-9_-]+)+$/);
    expect(name.length).toBeLessThanOrEqual(96);
    const value = type.parse(preset);
    expect(type.parse(type.format(value))).toEqual(value);
    expect(doc).toMatch(/^[A-Z].*[.)]$/s);
  });

  it('has a limit, default 0, and a time limit for each phase', () => {
    for (const phase of PHASE_NAMES) {
      expect(
        parseSettingValue(`worker.limit.${phase}`, settingDefinition(`worker.limit.${phase}`).default),
      ).toBe(0);
      expect(settingDefinition(`phase.time_limit.${phase}`).scope).toBe('worker');
    }
  });

  it('knows the type of each value', () => {
    expectTypeOf<SettingValue<'worker.limit.precommit1'>>().toEqualTypeOf<number>();
    expectTypeOf<SettingValue<'seal.proof'>>().toEqualTypeOf<'interactive' | 'synthetic'>();
    expectTypeOf<SettingValue<'fee.precommit.max'>>().toEqualTypeOf<bigint>();
    expectTypeOf<SettingValue<'web.bull_board_write'>>().toEqualTypeOf<boolean>();
    expectTypeOf<SettingValue<'chain.nodes'>>().toEqualTypeOf<readonly ChainNode[]>();
  });
});

describe('values', () => {
  const good: [SettingName, string, unknown, string][] = [
    ['worker.limit.commit2', ' 12 ', 12, '12'],
    ['piece.wait', '0', 0, '0ms'],
    ['piece.wait', '90s', 90_000, '1m30s'],
    ['piece.wait', '1h 30m', 5_400_000, '1h30m'],
    ['piece.wait', '1.5h', 5_400_000, '1h30m'],
    ['piece.wait', '2d', 172_800_000, '2d'],
    ['storage.min_free', '1.5GiB', 1.5 * 2 ** 30, '1GiB512MiB'],
    ['storage.min_free', '512mib', 2 ** 29, '512MiB'],
    ['sector.lifetime', '540d', 1_555_200, '540d'],
    ['batch.precommit.slack', '130', 130, '130'],
    ['batch.precommit.slack', '1h 10', 130, '130'],
    ['batch.precommit.slack', '0', 0, '0'],
    ['fee.precommit.max', '0.5 FIL', 5n * 10n ** 17n, '0.5 FIL'],
    ['fee.precommit.max', '3 nanoFIL', 3_000_000_000n, '3 nanoFIL'],
    ['fee.gas_overestimation', '1.3', 1.3, '1.3'],
    ['seal.proof', 'synthetic', 'synthetic', 'synthetic'],
    ['web.bull_board_write', 'On', true, 'true'],
    ['sector.keep_unsealed', '0', false, 'false'],
    ['worker.class', '', '', ''],
    ['worker.sector_space', '', {}, ''],
    [
      'worker.memory.precommit1',
      '64GiB=128GiB,32GiB = 56GiB',
      { '32GiB': 56 * 2 ** 30, '64GiB': 128 * 2 ** 30 },
      '32GiB=56GiB, 64GiB=128GiB',
    ],
    ['chain.nodes', '', [], ''],
    [
      'chain.nodes',
      'http://a:1234/rpc/v1 token=file:/etc/t , wss://b/rpc/v1',
      [
        { url: 'http://a:1234/rpc/v1', token: 'file:/etc/t' },
        { url: 'wss://b/rpc/v1', token: undefined },
      ],
      'http://a:1234/rpc/v1 token=file:/etc/t, wss://b/rpc/v1',
    ],
    [
      'chain.nodes',
      '/ip4/10.0.0.5/tcp/1234/http token=env:T, /dns4/n.example/tcp/443/wss, env:FULLNODE_API_INFO',
      [
        { url: 'http://10.0.0.5:1234/rpc/v1', token: 'env:T' },
        { url: 'wss://n.example:443/rpc/v1', token: undefined },
        { url: 'env:FULLNODE_API_INFO', token: undefined },
      ],
      'http://10.0.0.5:1234/rpc/v1 token=env:T, wss://n.example:443/rpc/v1, env:FULLNODE_API_INFO',
    ],
  ];
  it.each(good)('%s = "%s"', (name, text, value, canonical) => {
    const parsed = parseSettingValue(name, text);
    expect(parsed).toEqual(value);
    expect(formatSettingValue(name, parsed)).toBe(canonical);
  });

  const bad: [SettingName, string, string][] = [
    ['worker.limit.commit2', '', 'whole number'],
    ['worker.limit.commit2', '-1', 'at least 0'],
    ['worker.limit.commit2', '1.5', 'whole number'],
    ['worker.limit.commit2', '1e3', 'whole number'],
    ['worker.limit.commit2', '9'.repeat(400), 'too large'],
    ['piece.wait', '30', 'duration'],
    ['piece.wait', '-1s', 'duration'],
    ['piece.wait', '1s later', 'duration'],
    ['piece.wait', '0.0001s', 'duration'],
    ['chain.confidence.seed', '5', 'at least 6'],
    ['sector.lifetime', '10d', 'at least 180d'],
    ['storage.min_free', '1GB', 'size'],
    ['fee.precommit.max', '1 dollar', 'FIL'],
    ['fee.gas_overestimation', '0.9', 'at least 1'],
    ['seal.proof', 'ni', 'one of interactive, synthetic'],
    ['web.bull_board_write', 'maybe', 'true or false'],
    ['worker.class', 'a b', 'a name'],
    ['worker.memory.precommit1', '64GiB', 'SIZE=VALUE'],
    ['worker.memory.precommit1', '16GiB=64GiB', 'one of 2KiB'],
    ['worker.memory.precommit1', '32GiB=-1GiB', 'size'],
    ['worker.memory.precommit1', '32GiB=1GiB, 32GiB=2GiB', 'given twice'],
    ['worker.sector_space', '32GiB=0', 'at least 1B'],
    ['worker.memory_keep_free', '0.3B', 'size'],
    ['chain.nodes', 'a:1234', 'address'],
    ['chain.nodes', 'http://user:pw@a', 'credentials'],
    ['chain.nodes', 'http://a token=eyJhbGciOi', 'token=env:NAME'],
    ['chain.nodes', 'eyJh.eyJB.x-y:/ip4/10.0.0.5/tcp/1234/http', 'token in clear'],
    ['chain.nodes', 'http://a:1234/rpc/v1?token=eyJh.eyJB.x', 'token in clear'],
    ['chain.nodes', 'http://a/rpc/v1?token=short', 'token in clear'],
    ['chain.nodes', 'file:/etc/info token=env:T', 'holds its token already'],
    ['chain.nodes', '/ip4/10.0.0.5/udp/1/quic', 'address'],
    ['chain.nodes', 'http://a, http://a', 'named once'],
  ];
  it.each(bad)('%s = "%s" is refused: %s', (name, text, detail) => {
    expect(() => parseSettingValue(name, text)).toThrow(
      expect.objectContaining({ code: 'SETTING_VALUE_INVALID', message: expect.stringContaining(detail) }),
    );
  });

  it('a misspelt name gets the nearest one, a wild one none', () => {
    expect(() => parseSettingName('worker.limits.precommit1')).toThrow(/is it worker\.limit\.precommit1\?/);
    expect(() => parseSettingName('xyz')).toThrow(/no setting xyz$/);
    expect(() => parseSettingName('constructor')).toThrow(/no setting/);
  });
});

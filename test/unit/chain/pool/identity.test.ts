import { describe, expect, test } from 'vitest';
import {
  agreedVersion,
  type ChainIdentity,
  commonIdentity,
  foreignReason,
} from '../../../../src/chain/rpc/pool/identity.ts';
import { type NodeFacts, verdictOf } from '../../../../src/chain/rpc/pool/verdict.ts';

const OURS: ChainIdentity = { networkName: 'mainnet', genesisCid: 'bafyA', networkVersion: 28 };
const with_ = (over: Partial<ChainIdentity>): ChainIdentity => ({ ...OURS, ...over });

test.each([
  [{}, undefined],
  [{ networkName: 'calibrationnet' }, /network is "calibrationnet", not "mainnet"/],
  [{ genesisCid: 'bafyB' }, /genesis is bafyB/],
  [{ networkVersion: 27 }, /version is 27, not 28/],
  [{ networkVersion: 29 }, /version is 29, not 28/],
])('a node that says %j', (over, reason) => {
  if (reason) expect(foreignReason(OURS, with_(over))).toMatch(reason);
  else expect(foreignReason(OURS, with_(over))).toBeUndefined();
});

describe('a newer version of the network', () => {
  test.each([
    ['of the only node', [29], 29],
    ['of one of two', [29, 28], 28],
    ['of two of three', [29, 29, 28], 29],
    ['of two that differ', [29, 30], 28],
    ['that is older', [27, 27], 28],
    ['of nobody', [], 28],
  ])('%s', (_what, versions, version) => {
    expect(
      agreedVersion(
        OURS,
        versions.map((networkVersion) => with_({ networkVersion })),
      ),
    ).toBe(version);
  });
  test('of nodes of another chain does not count', () => {
    const foreign = with_({ networkName: 'other', networkVersion: 29 });
    expect(agreedVersion(OURS, [foreign, foreign, OURS])).toBe(28);
  });
});

test('the chain of the first contact is that of most nodes, then of the one named first', () => {
  const liar = with_({ networkName: 'liar' });
  expect(commonIdentity([liar, OURS, OURS])).toEqual(OURS);
  expect(commonIdentity([liar, OURS])).toEqual(liar);
  expect(commonIdentity([])).toBeUndefined();
});

describe('the verdict', () => {
  const well: NodeFacts = {
    breaker: { kind: 'closed', failures: 0, trips: 0, since: 0 },
    failure: undefined,
    foreign: undefined,
    isFresh: true,
    height: { state: 'level', lag: 0 },
    syncing: undefined,
    clockOff: undefined,
  };
  const open = { kind: 'open', since: 9, trips: 1, random: 0 } as const;
  const stall = { code: 'CHAIN_TIMED_OUT', message: 'it did not answer' } as const;
  test.each<[string, Partial<NodeFacts>, object]>([
    ['well', {}, { state: 'ready', reason: '', code: undefined }],
    [
      'another chain, whatever else',
      { foreign: 'x', breaker: open },
      { state: 'foreign', code: 'CHAIN_NODE_FOREIGN' },
    ],
    [
      'failing',
      { breaker: open, failure: stall },
      { state: 'out', reason: 'it did not answer', code: 'CHAIN_TIMED_OUT' },
    ],
    ['not looked at lately', { isFresh: false }, { state: 'unknown' }],
    [
      'behind',
      { height: { state: 'lagging', lag: 9 }, syncing: 'syncing' },
      { state: 'lagging', reason: '9 epochs behind; it says: syncing' },
    ],
    ['ahead', { height: { state: 'ahead', lag: 0 } }, { state: 'ahead' }],
    [
      'at odds with our clock',
      { clockOff: -7 },
      { state: 'ready', code: 'CHAIN_CLOCK_DISAGREES', reason: expect.stringContaining('7 epochs behind') },
    ],
  ])('%s', (_what, facts, verdict) => {
    expect(verdictOf({ ...well, ...facts })).toMatchObject(verdict);
  });
});

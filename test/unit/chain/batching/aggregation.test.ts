import { describe, expect, it } from 'vitest';
import {
  type AggregationRules,
  aggregationVerdict,
  blameOf,
  messageLimit,
  mostInAggregate,
  networkPolicy,
  proofBytes,
  proveCommitParams,
  type SectorWithPieces,
} from '#chain';
import { decodeParamsOf, MINER_METHODS, unsealedCid } from '#codec';
import { BeeproError } from '#core';

const RULES: AggregationRules = {
  mode: 'auto',
  least: 4,
  most: 512,
  breakEven: 320_000_000n,
  baseFee: 10n ** 9n,
};
const LIMIT = messageLimit(networkPolicy(28));

function verdict(count: number, change: Partial<AggregationRules> = {}, sealProof = 8) {
  const proof = sealProof === 8 ? 1_920 : 192;
  const members = Array.from({ length: count }, () => ({ manifestBytes: 8, proofBytes: proofBytes(proof) }));
  return aggregationVerdict({ sealProof, members, limit: LIMIT }, { ...RULES, ...change });
}

describe('aggregationVerdict', () => {
  it.each([
    ['four at a high base fee', 4, {}, true],
    ['hundreds of them', 400, {}, true],
    ['too few', 3, {}, false],
    ['fewer than the operator wants', 9, { least: 10 }, false],
    ['more than the SRS holds', 52, { most: 51 }, false],
    ['below the break-even', 100, { baseFee: 319_999_999n }, false],
    ['below the break-even, but told to', 100, { mode: 'on', baseFee: 0n }, true],
    ['told not to', 100, { mode: 'off' }, false],
  ] as const)('%s', (_what, count, change, aggregate) => {
    expect(verdict(count, change).aggregate).toBe(aggregate);
  });

  it('prices both ways by the base fee; the messages that proofs apart need are counted', () => {
    const { cost } = verdict(100);
    const dearer = verdict(100, { baseFee: 2n * 10n ** 9n }).cost;
    expect(cost.together).toBeLessThan(cost.apart);
    expect(dearer.apart).toBeGreaterThan(cost.apart);
    // 34 proofs of 1,920 bytes are one message more than 33.
    const step = verdict(34).cost.apart - verdict(33).cost.apart;
    const within = verdict(33).cost.apart - verdict(32).cost.apart;
    expect(step).toBeGreaterThan(within);
  });

  it('takes no more than the actor or the SRS does', () => {
    const policy = networkPolicy(28);
    expect(mostInAggregate(policy, 512, 1)).toBe(512);
    expect(mostInAggregate(policy, 512, 10)).toBe(51);
    expect(mostInAggregate(policy, 8_192, 10)).toBe(819);
    expect(mostInAggregate(policy, 8_192, 1)).toBe(819);
  });
});

describe('blameOf', () => {
  const reverted = (exitCode: number | 'unknown') =>
    new BeeproError('CHAIN_EXECUTION_REVERTED', { exitCode });
  it.each([
    ['out of gas', new BeeproError('CHAIN_OUT_OF_GAS'), 'size'],
    ['too big', new BeeproError('CHAIN_MESSAGE_TOO_BIG'), 'size'],
    ['an illegal argument', reverted(16), 'member'],
    ['not found', reverted(17), 'member'],
    ['a code that is not told', reverted('unknown'), 'member'],
    ['no deposit', reverted(19), 'miner'],
    ['no funds of the sender', reverted(6), 'miner'],
    ['a consensus fault', reverted(18), 'miner'],
    ['a node that is away', new BeeproError('CHAIN_UNREACHABLE'), 'node'],
    ['rate limits', new BeeproError('CHAIN_RATE_LIMITED'), 'node'],
    ['a fault of ours', new BeeproError('INTERNAL'), 'node'],
  ] as const)('%s is laid to the %s', (_what, error, blame) => {
    expect(blameOf(error)).toBe(blame);
  });
});

describe('proveCommitParams', () => {
  const cid = unsealedCid(new Uint8Array(32).fill(7));
  const sector = { number: 5, miner: 1000, proof: 'ab'.repeat(192) };
  const piece = { cid, padded_size: 1024, notify_address: null, notify_payload: null };
  const decode = (params: Uint8Array) => decodeParamsOf(MINER_METHODS.ProveCommitSectors3, params, 't');
  const of = (pieces: readonly object[]) => [{ sector, pieces }] as unknown as SectorWithPieces[];

  it('carries one proof a sector, or one for all, never both', () => {
    expect(decode(proveCommitParams(of([])))).toMatchObject({
      sectorActivations: [{ sectorNumber: 5, pieces: [] }],
      aggregateProof: new Uint8Array(),
      aggregateProofType: null,
      requireActivationSuccess: false,
    });
    expect(decode(proveCommitParams(of([]), new Uint8Array([1])))).toMatchObject({
      sectorProofs: [],
      aggregateProof: new Uint8Array([1]),
      aggregateProofType: 1,
    });
  });

  it('tells nobody of a piece unless the operator named an actor', () => {
    const told = { ...piece, notify_address: 't05', notify_payload: '8201f6' };
    const { sectorActivations } = decode(proveCommitParams(of([piece, told])));
    expect(sectorActivations[0]?.pieces).toEqual([
      { cid, size: 1024, verifiedAllocationKey: null, notify: [] },
      {
        ...{ cid, size: 1024, verifiedAllocationKey: null },
        notify: [{ address: 't05', payload: new Uint8Array([0x82, 0x01, 0xf6]) }],
      },
    ]);
  });
});

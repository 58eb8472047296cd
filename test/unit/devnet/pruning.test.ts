import { describe, expect, it } from 'vitest';
import type { ChainMessage } from '../../../src/devnet/chain/tipset.ts';
import { prunedMessages } from '../../../src/devnet/mempool/prune.ts';
import { coversBaseFee, PUBLISH_FACTOR, REPUBLISH_FACTOR } from '../../../src/devnet/mempool/publishing.ts';

function message(from: string, nonce: number, gasPremium: bigint, gasFeeCap = 10_000n): ChainMessage {
  return {
    cid: `${from} ${nonce}`,
    signed: {
      message: {
        version: 0,
        to: 't01',
        from,
        nonce,
        value: 0n,
        gasLimit: 1n,
        gasFeeCap,
        gasPremium,
        method: 0,
        params: new Uint8Array(),
      },
      signature: { type: 'secp256k1', data: new Uint8Array() },
    },
  };
}

describe('what leaves a mempool that has grown too large', () => {
  const pending = [
    message('dear', 0, 900n),
    message('dear', 1, 800n),
    message('cheap', 0, 10n),
    message('cheap', 1, 700n),
    message('cheap', 2, 700n),
    message('own', 0, 1n),
  ];
  const pruned = (kept: readonly string[], limit: number) =>
    prunedMessages(pending, new Set(kept), limit).map(({ cid }) => cid);

  it.each<readonly [string, readonly string[], number, readonly string[]]>([
    ['nothing while there is room', [], 6, []],
    ['the end of the queue with the least premium', ['own'], 5, ['cheap 2']],
    ['no more than is needed, and no gap of nonces', ['own'], 4, ['cheap 2', 'cheap 1']],
    ['the next queue after it', ['own'], 2, ['cheap 2', 'cheap 1', 'cheap 0', 'dear 1']],
    ['never what was pushed here', ['own', 'dear', 'cheap'], 0, []],
  ])('%s', (_what, kept, limit, gone) => {
    expect(pruned(kept, limit)).toEqual(gone);
  });
});

describe('whether a message is published', () => {
  it.each([
    [100n, 10_000n, PUBLISH_FACTOR, true],
    [99n, 100n, PUBLISH_FACTOR, false],
    [100n, 10_100n, PUBLISH_FACTOR, false],
    [1_000n, 10_000n, REPUBLISH_FACTOR, true],
    [999n, 10_000n, REPUBLISH_FACTOR, false],
  ])('cap %i at base fee %i by a factor of %i: %s', (cap, baseFee, factor, published) => {
    expect(coversBaseFee(message('a', 0, 1n, cap), baseFee, factor)).toBe(published);
  });
});

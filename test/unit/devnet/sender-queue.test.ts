import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Message, signedMessageCid } from '#codec';
import type { ChainMessage } from '../../../src/devnet/chain/tipset.ts';
import { LotusError } from '../../../src/devnet/lotus-error.ts';
import { selectMessages } from '../../../src/devnet/mempool/selection.ts';
import {
  minimumReplacementPremium,
  requiredFunds,
  SenderQueue,
} from '../../../src/devnet/mempool/sender-queue.ts';

function message(nonce: number, gasPremium: bigint, change: Partial<Message> = {}): ChainMessage {
  const signed = {
    message: {
      version: 0,
      to: 't0100',
      from: 't0101',
      nonce,
      value: 1n,
      gasLimit: 1_000_000n,
      gasFeeCap: 1_000_000n,
      gasPremium,
      method: 0,
      params: new Uint8Array(),
      ...change,
    },
    signature: { type: 'secp256k1' as const, data: new Uint8Array(65) },
  };
  return { cid: signedMessageCid(signed), signed };
}

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ add: fc.nat(12), premium: fc.integer({ min: 100, max: 400 }) }) },
  { weight: 1, arbitrary: fc.record({ apply: fc.constant(true) }) },
  { weight: 1, arbitrary: fc.record({ drop: fc.nat(12) }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Plays pushes, blocks and drops against a queue; a block applies the next nonce of the chain. */
function play(steps: readonly Step[]): { queue: SenderQueue; chainNonce: number } {
  const queue = new SenderQueue(0);
  let chainNonce = 0;
  for (const each of steps) {
    if ('add' in each) {
      if (each.add < chainNonce) continue;
      try {
        queue.add(message(each.add, BigInt(each.premium)), true);
      } catch (error) {
        if (!(error instanceof LotusError)) throw error;
      }
    } else if ('drop' in each) queue.drop(each.drop);
    else if (queue.get(chainNonce)) queue.applied(chainNonce++);
  }
  return { queue, chainNonce };
}

describe('the pending messages of a sender', () => {
  it('are one a nonce, and none below the chain’s', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { queue, chainNonce } = play(steps);
        const nonces = queue.messages().map(({ signed }) => signed.message.nonce);
        expect(new Set(nonces).size).toBe(nonces.length);
        expect(nonces.every((nonce) => nonce >= chainNonce)).toBe(true);
        expect(nonces).toEqual(nonces.toSorted((a, b) => a - b));
      }),
    );
  });

  it('leave a next nonce that no pending message has', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { queue } = play(steps);
        expect(queue.get(queue.nextNonce)).toBeUndefined();
      }),
    );
  });

  it('reserve what they may take, whatever replaced what', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const { queue } = play(steps);
        const sum = queue.messages().reduce((total, each) => total + requiredFunds(each), 0n);
        expect(queue.reservedFunds(-1)).toBe(sum);
      }),
    );
  });

  it('are replaced by a premium of at least a tenth more and one, never by less', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 9n), fc.bigInt(0n, 10n ** 9n), (old, offered) => {
        const queue = new SenderQueue(0);
        queue.add(message(0, old), true);
        const replacement = message(0, offered, { value: 2n });
        const add = () => queue.add(replacement, true);
        if (offered >= minimumReplacementPremium(old)) expect(add).not.toThrow();
        else expect(add).toThrow('replace by fee has too low GasPremium');
        expect(minimumReplacementPremium(old) * 10n).toBeGreaterThan(old * 11n);
      }),
    );
  });
});

describe('the messages of a block', () => {
  const offers = fc.array(
    fc.record({ nonce: fc.nat(8), feeCap: fc.bigInt(50n, 200n), value: fc.bigInt(0n, 10n ** 9n) }),
    { maxLength: 12 },
  );

  it('follow the sender’s nonce without a gap, cover the base fee and can all be paid', () => {
    fc.assert(
      fc.property(offers, fc.nat(4), fc.bigInt(0n, 5n * 10n ** 8n), (list, nonce, balance) => {
        const byNonce = new Map(list.map((offer) => [offer.nonce, offer]));
        const messages = [...byNonce.values()]
          .sort((a, b) => a.nonce - b.nonce)
          .map((offer) => message(offer.nonce, 1n, { gasFeeCap: offer.feeCap, value: offer.value }));
        const selected = selectMessages([{ nonce, balance, messages }], 100n);
        expect(selected.map(({ signed }) => signed.message.nonce)).toEqual(
          selected.map((_, index) => nonce + index),
        );
        expect(selected.every(({ signed }) => signed.message.gasFeeCap >= 100n)).toBe(true);
        expect(selected.reduce((sum, each) => sum + requiredFunds(each), 0n) <= balance).toBe(true);
      }),
    );
  });
});

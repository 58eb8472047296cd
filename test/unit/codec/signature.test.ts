import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decodeSignedMessage,
  encodeSignedMessage,
  formatAddress,
  idAddress,
  type Message,
  messageCid,
  type SignatureType,
  type SignedMessage,
  signatureFromBytes,
  signatureToBytes,
  signedMessageCid,
} from '#codec';

const type = fc.constantFrom<SignatureType>('secp256k1', 'bls', 'delegated');
const signature = fc.record({ type, data: fc.uint8Array({ maxLength: 199 }) });
const address = fc.oneof(
  fc.nat().map((id) => idAddress(id, 't')),
  fc
    .uint8Array({ minLength: 48, maxLength: 48 })
    .map((payload) => formatAddress({ protocol: 3, payload }, 't')),
);
const amount = fc.bigInt(0n, 2n * 10n ** 27n);
const message: fc.Arbitrary<Message> = fc.record({
  version: fc.constant(0),
  to: address,
  from: address,
  nonce: fc.maxSafeNat(),
  value: amount,
  gasLimit: fc.bigInt(0n, (1n << 63n) - 1n),
  gasFeeCap: amount,
  gasPremium: amount,
  method: fc.nat(40),
  params: fc.uint8Array({ maxLength: 300 }),
});

describe('signatures', () => {
  it('come back from their bytes, whatever their type', () => {
    fc.assert(
      fc.property(signature, (one) => {
        expect(signatureFromBytes(signatureToBytes(one))).toEqual(one);
      }),
    );
  });

  it.each([
    ['of no type', Uint8Array.of()],
    ['of an unknown type', Uint8Array.of(9, 1)],
    ['longer than the chain takes', new Uint8Array(201).fill(1)],
  ])('%s are refused', (_what, data) => {
    expect(() => signatureFromBytes(data)).toThrow('signature');
  });
});

describe('signed messages', () => {
  const signed: fc.Arbitrary<SignedMessage> = fc.record({ message, signature });

  it('come back from their bytes', () => {
    fc.assert(
      fc.property(signed, (one) => {
        expect(decodeSignedMessage(encodeSignedMessage(one), 't')).toEqual(one);
      }),
    );
  });

  it('are known by the bare message under BLS, and by message and signature under any other', () => {
    fc.assert(
      fc.property(signed, (one) => {
        const isBare = signedMessageCid(one) === messageCid(one.message);
        expect(isBare).toBe(one.signature.type === 'bls');
      }),
    );
  });

  it('of one nonce have another CID when but one field differs', () => {
    fc.assert(
      fc.property(message, fc.bigInt(1n, 10n ** 9n), (one, more) => {
        expect(messageCid({ ...one, gasPremium: one.gasPremium + more })).not.toBe(messageCid(one));
      }),
    );
  });
});

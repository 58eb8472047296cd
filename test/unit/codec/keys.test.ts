import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressOfKey,
  blsAggregate,
  blsVerifyAggregate,
  exportKey,
  fromHex,
  generateKey,
  importKey,
  publicKeyOf,
  secp256k1Recover,
  signWithKey,
  toHex,
  verifySignature,
} from '#codec';

const data = new TextEncoder().encode('hello');

describe.each(['secp256k1', 'bls'] as const)('%s keys', (type) => {
  it('sign what verifies under their address and nothing else', () => {
    const key = generateKey(type);
    const address = addressOfKey(key, 't');
    const signature = signWithKey(key, data);
    expect(signature.data.length).toBe(type === 'bls' ? 96 : 65);
    expect(verifySignature(signature, address, data)).toBe(true);
    expect(verifySignature(signature, address, new TextEncoder().encode('hellp'))).toBe(false);
    expect(verifySignature(signature, addressOfKey(generateKey(type), 't'), data)).toBe(false);
    expect(verifySignature(signature, 't01000', data)).toBe(false);
    expect(verifySignature({ ...signature, data: new Uint8Array(96) }, address, data)).toBe(false);
    expect(verifySignature({ ...signature, data: signature.data.subarray(1) }, address, data)).toBe(false);
  });

  it('export and import in Lotus’ format', () => {
    const key = generateKey(type);
    expect(importKey(exportKey(key))).toEqual(key);
    expect(importKey(` ${exportKey(key)}\n`)).toEqual(key);
    const json = new TextDecoder().decode(fromHex(exportKey(key)));
    expect(Object.keys(JSON.parse(json))).toEqual(['Type', 'PrivateKey']);
    expect(importKey(json)).toEqual(key);
  });
});

describe('keys', () => {
  it('the public key is recovered from a secp256k1 signature', () => {
    const key = generateKey('secp256k1');
    const recovered = secp256k1Recover(signWithKey(key, data).data, data);
    expect(recovered).toEqual(publicKeyOf(key));
    expect(secp256k1Recover(new Uint8Array(65).fill(0xff), data)).toBeUndefined();
  });

  it('a little-endian BLS key gives the published public key', () => {
    // Scalar 1: the public key is the generator of G1.
    const one = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0));
    expect(toHex(publicKeyOf({ type: 'bls', bytes: one }))).toBe(
      '97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb',
    );
  });

  it('an aggregate stands for all its signatures', () => {
    const keys = [generateKey('bls'), generateKey('bls')];
    const items = keys.map((key, index) => ({ publicKey: publicKeyOf(key), data: Uint8Array.of(index) }));
    const aggregate = blsAggregate(keys.map((key, index) => signWithKey(key, Uint8Array.of(index)).data));
    expect(blsVerifyAggregate(aggregate, items)).toBe(true);
    expect(blsVerifyAggregate(aggregate, items.toReversed())).toBe(true);
    expect(blsVerifyAggregate(aggregate, items.slice(0, 1))).toBe(false);
    expect(blsVerifyAggregate(blsAggregate([]), [])).toBe(true);
    expect(blsVerifyAggregate(aggregate, [])).toBe(false);
  });

  it('what is no key is refused without repeating it', () => {
    const secret = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3I=';
    for (const text of [
      '',
      'zz',
      '{}',
      'null',
      `{"Type":"rsa","PrivateKey":"${secret}"}`,
      '{"Type":"bls","PrivateKey":"AA=="}',
    ])
      expect(() => importKey(text)).toThrow(expect.toSatisfy((error) => !String(error).includes(secret)));
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => importKey(text)).toThrow('exported key');
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Address,
  actorIdOf,
  addressFromBytes,
  addressToBytes,
  formatAddress,
  idAddress,
  isKeyAddress,
  parseAddress,
  prefixOf,
  sameAddress,
  withPrefix,
} from '#codec';
import { isBeeproError } from '#core';

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
const varint = (value: bigint): number[] =>
  value < 0x80n ? [Number(value)] : [Number(value & 0x7fn) | 0x80, ...varint(value >> 7n)];

const anyAddress: fc.Arbitrary<Address> = fc.oneof(
  fc
    .bigInt(0n, (1n << 63n) - 1n)
    .map((id) => ({ protocol: 0 as const, payload: Uint8Array.from(varint(id)) })),
  bytes(20).map((payload) => ({ protocol: 1 as const, payload })),
  bytes(20).map((payload) => ({ protocol: 2 as const, payload })),
  bytes(48).map((payload) => ({ protocol: 3 as const, payload })),
  fc.tuple(fc.bigInt(0n, (1n << 32n) - 1n), fc.uint8Array({ maxLength: 54 })).map(([namespace, sub]) => ({
    protocol: 4 as const,
    payload: Uint8Array.from([...varint(namespace), ...sub]),
  })),
);

/** From the recordings, and go-address' published vectors for the actor protocol. */
const KNOWN = [
  't01000',
  't1pb6mnpouqceb45hdluif7wm7kon7xliv6jtyyza',
  't3q2b6b7grdoma5wierdsmze45u6tejfktpo7caotvfgvo5lqoeqdu6ptz3hsokfofz5swvp3ayw45twfbedmq',
  't3rucrr4ipq7mphl7gqz73zbtcqnassoojnn7gyqtr43l2g3rogrsoczn7hk5srifix5zxidzzm4msdaw3dm5a',
  'f24vg6ut43yw2h2jqydgbg2xq7x6f4kub3bg6as6i',
];

describe('addresses', () => {
  it.each(KNOWN)('%s reads and writes unchanged', (text) => {
    expect(formatAddress(parseAddress(text), prefixOf(text))).toBe(text);
    expect(formatAddress(addressFromBytes(addressToBytes(text)), prefixOf(text))).toBe(text);
  });

  it('text and bytes are two forms of one address, on every network', () => {
    fc.assert(
      fc.property(anyAddress, fc.constantFrom('t', 'f'), (address, prefix) => {
        const text = formatAddress(address, prefix);
        expect(parseAddress(text)).toEqual(address);
        expect(addressFromBytes(addressToBytes(text))).toEqual(address);
        const other = withPrefix(text, prefix === 't' ? 'f' : 't');
        expect(sameAddress(text, other)).toBe(true);
        expect(other).not.toBe(text);
      }),
    );
  });

  it('any changed character of a checksummed address is refused', () => {
    const text = KNOWN[1] ?? '';
    const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: text.length - 1 }),
        fc.constantFrom(...alphabet),
        (at, letter) => {
          fc.pre(text[at] !== letter);
          expect(() => parseAddress(text.slice(0, at) + letter + text.slice(at + 1))).toThrow();
        },
      ),
    );
  });

  it.each([
    ['', 'nothing'],
    ['x01000', 'another prefix'],
    ['t0', 'no id'],
    ['t001', 'leading zero'],
    ['t0-1', 'negative'],
    ['t09223372036854775808', 'id of 2^63'],
    ['t5aaaa', 'unknown protocol'],
    ['t1pb6mnpouqceb45hdluif7wm7kon7xliv6jtyyz', 'cut short'],
    ['T1PB6MNPOUQCEB45HDLUIF7WM7KON7XLIV6JTYYZA', 'upper case'],
    ['t4f', 'no namespace'],
    ['<empty>', 'Go’s undefined address'],
  ])('%s is refused (%s)', (text) => {
    expect(() => parseAddress(text)).toThrow(
      expect.toSatisfy((error) => isBeeproError(error, 'ADDRESS_MALFORMED')),
    );
  });

  it('tells ids and keys', () => {
    expect(actorIdOf(idAddress(1000, 't'))).toBe(1000);
    expect(() => actorIdOf(KNOWN[1] ?? '')).toThrow('id address');
    expect(KNOWN.map(isKeyAddress)).toEqual([false, true, true, true, false]);
  });
});

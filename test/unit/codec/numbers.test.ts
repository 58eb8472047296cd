import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bigIntFromBytes, bigIntToBytes, decodeAs, encodeAs, schema, toHex } from '#codec';

describe('big integers', () => {
  it.each([
    [0n, ''],
    [1n, '0001'],
    [-1n, '0101'],
    [255n, '00ff'],
    [256n, '000100'],
    [-65536n, '01010000'],
    [10n ** 18n, '000de0b6b3a7640000'],
  ])('%s is %s', (value, hex) => {
    expect(toHex(bigIntToBytes(value))).toBe(hex);
    expect(bigIntFromBytes(bigIntToBytes(value))).toBe(value);
  });

  it('any value comes back', () => {
    fc.assert(
      fc.property(fc.bigInt(-(1n << 900n), 1n << 900n), (value) => {
        expect(bigIntFromBytes(bigIntToBytes(value))).toBe(value);
      }),
    );
  });

  it('only canonical bytes are read, so that a value has one encoding', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
        const value = bigIntFromBytes(bytes);
        if (value !== undefined) expect(bigIntToBytes(value)).toEqual(bytes);
      }),
    );
    expect(bigIntFromBytes(Uint8Array.of(0))).toBeUndefined();
    expect(bigIntFromBytes(Uint8Array.of(2, 1))).toBeUndefined();
  });

  it('a value beyond the chain’s limit is refused', () => {
    expect(() => bigIntToBytes(1n << 1020n)).toThrow('bytes');
  });
});

describe('schema', () => {
  const { tuple, uint, int, int64, array, nullable, bool, bytes } = schema;
  const shape = tuple({ a: uint, b: int, c: int64, d: array(nullable(bool)), e: bytes });

  it('a structure comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.record({
          a: fc.maxSafeNat(),
          b: fc.maxSafeInteger(),
          c: fc.bigInt(-(1n << 63n), (1n << 63n) - 1n),
          d: fc.array(fc.option(fc.boolean())),
          e: fc.uint8Array(),
        }),
        (value) => {
          expect(decodeAs(shape, encodeAs(shape, value, 'x'), 'x', 't')).toEqual(value);
        },
      ),
    );
  });

  it('says where bytes do not fit', () => {
    const wrong = encodeAs(tuple({ a: bytes }), { a: new Uint8Array() }, 'x');
    expect(() => decodeAs(tuple({ a: array(uint) }), wrong, 'thing', 't')).toThrow('thing.a');
    expect(() => decodeAs(shape, wrong, 'thing', 't')).toThrow('an array of 1 where an array of 5');
    expect(() => encodeAs(tuple({ a: uint }), { a: -1 }, 'thing')).toThrow('thing.a');
    expect(() => encodeAs(tuple({ a: uint }), { a: 1.5 }, 'thing')).toThrow('thing.a');
  });

  it('rubbish is an error, never a hang or another exception', () => {
    const message = /^Bytes that should be|is not a|bitfield/;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (data) => {
        try {
          decodeAs(shape, data, 'thing', 't');
        } catch (error) {
          expect((error as Error).message).toMatch(message);
        }
      }),
    );
    expect(() => decodeAs(shape, new Uint8Array(65_536).fill(0x81), 'thing', 't')).toThrow(message);
    expect(() => decodeAs(shape, Uint8Array.of(0x9f, 0xff), 'thing', 't')).toThrow(message);
    expect(() => decodeAs(uint, Uint8Array.of(0x18, 0x01), 'thing', 't')).toThrow(message);
  });
});

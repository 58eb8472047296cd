import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitField, toHex } from '#codec';

const numbers = fc.uniqueArray(fc.oneof(fc.nat(40), fc.nat(3_000), fc.nat(2 ** 40)), { maxLength: 60 });
const hex = (field: BitField) => toHex(field.toBytes());

describe('bitfields', () => {
  it.each([
    [[], [0]],
    [[0], [0, 1]],
    [
      [0, 1],
      [0, 2],
    ],
    [[2], [2, 1]],
    [
      [0, 1, 2, 8, 9],
      [0, 3, 5, 2],
    ],
  ])('%j is %j in JSON', (set, json) => {
    expect(BitField.of(set).toJson()).toEqual(json);
    expect([...BitField.fromJson(json)]).toEqual(set);
  });

  it('RLE+ of known sets, worked out by hand from the specification', () => {
    // version 00, first bit, then 1 | 01+4 bits | 00+varint; least significant bit first.
    expect(hex(BitField.empty)).toBe('');
    expect(hex(BitField.of([0]))).toBe('0c'); // 00 1 1
    expect(hex(BitField.of([1]))).toBe('18'); // 00 0 1 1
    expect(hex(BitField.of([0, 1]))).toBe('54'); // 00 1 01 0100 → bits 0 0 1 0 1 0 1 0 0
    expect(hex(BitField.ofRanges([{ start: 0, end: 16 }]))).toBe('0402'); // 00 1 00 00001000
  });

  it('bytes and JSON give back the same set', () => {
    fc.assert(
      fc.property(numbers, (set) => {
        const field = BitField.of(set);
        const sorted = [...set].sort((a, b) => a - b);
        expect([...BitField.fromBytes(field.toBytes())]).toEqual(sorted);
        expect([...BitField.fromJson(field.toJson())]).toEqual(sorted);
        expect(field.size).toBe(sorted.length);
        expect(field.last).toBe(sorted.at(-1));
      }),
    );
  });

  it('is minimal: decoding and encoding gives the same bytes', () => {
    fc.assert(
      fc.property(numbers, (set) => {
        const bytes = BitField.of(set).toBytes();
        expect(BitField.fromBytes(bytes).toBytes()).toEqual(bytes);
        expect(bytes.at(-1)).not.toBe(0);
      }),
    );
  });

  it('unites, intersects and subtracts like sets', () => {
    const small = fc.uniqueArray(fc.nat(60), { maxLength: 40 });
    fc.assert(
      fc.property(small, small, fc.nat(61), (a, b, probe) => {
        const [fieldA, fieldB] = [BitField.of(a), BitField.of(b)];
        const sorted = (set: Iterable<number>) => [...new Set(set)].sort((x, y) => x - y);
        const [setA, setB] = [new Set(a), new Set(b)];
        expect([...fieldA.union(fieldB)]).toEqual(sorted([...a, ...b]));
        expect([...fieldA.intersect(fieldB)]).toEqual(sorted(a.filter((number) => setB.has(number))));
        expect([...fieldA.subtract(fieldB)]).toEqual(sorted(a.filter((number) => !setB.has(number))));
        expect(fieldA.has(probe)).toBe(setA.has(probe));
        expect(fieldA.equals(BitField.of(a.toReversed()))).toBe(true);
        const free = fieldA.firstUnset(probe);
        expect(setA.has(free)).toBe(false);
        for (let number = probe; number < free; number++) expect(setA.has(number)).toBe(true);
      }),
    );
  });

  it('two million numbers in a run cost a few bytes', () => {
    const field = BitField.ofRanges([{ start: 0, end: 2_000_000 }]);
    expect(field.toBytes().length).toBeLessThan(6);
    expect(field.size).toBe(2_000_000);
  });

  it('refuses what go-bitfield refuses, and never hangs on rubbish', () => {
    expect(() => BitField.fromBytes(Uint8Array.of(0x0c, 0))).toThrow('trailing zero');
    expect(() => BitField.fromBytes(Uint8Array.of(0x01))).toThrow('version');
    expect(() => BitField.fromJson([0, 1, 0, 1])).toThrow('run length');
    expect(() => BitField.fromJson([-1])).toThrow('run length');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          expect(BitField.fromBytes(bytes).size).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(String(error)).toContain('bitfield');
        }
      }),
    );
  });
});

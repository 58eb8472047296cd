import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitField } from '#codec';
import { PersistentMap } from '../../../src/devnet/state/index.ts';
import { readStateJson, writeStateJson } from '../../../src/devnet/state/state-json.ts';

const keys = fc.oneof(fc.nat(40), fc.nat(), fc.maxSafeNat());
const changes = fc.array(fc.tuple(keys, fc.option(fc.integer(), { nil: undefined })), { maxLength: 60 });

describe('PersistentMap', () => {
  it('does what a Map does, by ascending key, and leaves older versions alone', () => {
    fc.assert(
      fc.property(changes, (steps) => {
        const model = new Map<number, number>();
        let map = PersistentMap.empty<number>();
        for (const [key, value] of steps) {
          const [before, entries] = [map, [...map.entries()]];
          if (value === undefined) model.delete(key);
          else model.set(key, value);
          map = value === undefined ? map.delete(key) : map.set(key, value);
          expect([...before.entries()]).toEqual(entries);
        }
        expect([...map.entries()]).toEqual([...model].sort(([a], [b]) => a - b));
        expect(map.size).toBe(model.size);
        for (const [key] of steps) expect(map.get(key)).toBe(model.get(key));
      }),
    );
  });
});

describe('the state as JSON', () => {
  it('comes back as it was', () => {
    const value = {
      amount: -(10n ** 30n),
      bytes: Uint8Array.of(0, 255),
      nothing: null,
      numbers: BitField.of([0, 1, 7]),
      list: [1n, 'text', true],
      addresses: new Map([['t1abc', 100]]),
    };
    const map = PersistentMap.from([[3, value]] as const);
    const back = readStateJson(writeStateJson(map)) as typeof map;
    const { numbers, ...rest } = back.get(3) ?? value;
    const { numbers: expected, ...others } = value;
    expect(rest).toEqual(others);
    expect(numbers.equals(expected)).toBe(true);
  });
});

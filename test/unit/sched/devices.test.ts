import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DeviceView, freeSlots, keepForPost, placeOnDevice } from '#sched';

function device(changes: Partial<DeviceView> = {}): DeviceView {
  return { id: 'gpu-0', slots: 1, held: [], reservedForPost: 0, ...changes };
}

describe('where a job goes', () => {
  test.each<[string, readonly DeviceView[], string | undefined]>([
    ['no devices: no slot', [], undefined],
    [
      'the idle one before one that is half busy',
      [device({ slots: 2, held: ['commit2'] }), device({ id: 'b' })],
      'b',
    ],
    ['the first of those that are equal', [device(), device({ id: 'b' })], 'gpu-0'],
    ['past one that is out of service', [device({ outOfService: 'lost' }), device({ id: 'b' })], 'b'],
    ['past one that is kept for PoSt', [device({ reservedForPost: 1 }), device({ id: 'b' })], 'b'],
    [
      'onto a slot beside PoSt that uses what is kept',
      [device({ slots: 2, held: ['window-post'], reservedForPost: 1 })],
      'gpu-0',
    ],
  ])('%s', (_what, devices, expected) => {
    expect(placeOnDevice('commit2', devices)).toEqual({ device: expected });
  });

  test('a phase that needs no device takes no slot', () => {
    expect(placeOnDevice('precommit1', [device({ outOfService: 'lost' })])).toEqual({ device: undefined });
  });
});

describe('slots kept for PoSt', () => {
  test('are on devices in service, the roomiest first', () => {
    const devices = [
      device({ id: 'a', slots: 4, outOfService: 'lost' }),
      device({ id: 'b' }),
      device({ id: 'c', slots: 2 }),
    ];
    const kept = keepForPost(devices, 3).map(({ id, reservedForPost }) => [id, reservedForPost]);
    expect(kept).toEqual([
      ['a', 0],
      ['b', 1],
      ['c', 2],
    ]);
  });

  test('law: as many as there are and no more, and never more than a device has', () => {
    const anyDevice = fc.record({ slots: fc.integer({ min: 1, max: 4 }), isOut: fc.boolean() });
    fc.assert(
      fc.property(fc.array(anyDevice, { maxLength: 6 }), fc.nat(12), (some, slots) => {
        const devices = some.map((one, index) =>
          device({ id: `gpu-${index}`, slots: one.slots, ...(one.isOut ? { outOfService: 'lost' } : {}) }),
        );
        const kept = keepForPost(devices, slots);
        const there = devices.filter((one) => !one.outOfService).reduce((sum, one) => sum + one.slots, 0);
        expect(kept.reduce((sum, one) => sum + one.reservedForPost, 0)).toBe(Math.min(slots, there));
        for (const one of kept) expect(freeSlots(one)).toBe(one.slots - one.reservedForPost);
      }),
    );
  });
});

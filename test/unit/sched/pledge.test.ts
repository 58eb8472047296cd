import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFil } from '#core';
import { decidePledges, type PledgingFleet, type PledgingMiner } from '#sched';

const FIL = parseFil('1 FIL');

function miner(changes: Partial<PledgingMiner> = {}): PledgingMiner {
  return {
    miner: 1000,
    enabled: true,
    inFlight: 0,
    ceiling: 0,
    unbegun: 0,
    sectorCost: FIL,
    free: 100n * FIL,
    floor: 0n,
    ...changes,
  };
}

const host = (wants: number) => ({ worker: 'host-a', wants });

describe('automatic pledging', () => {
  test.each<[string, PledgingFleet, number, string]>([
    [
      'room on the hosts is filled',
      { miners: [miner()], hosts: [host(3)] },
      3,
      '3 could begin now, 0 wait to be begun',
    ],
    [
      'what waits counts',
      { miners: [miner({ unbegun: 2 })], hosts: [host(3)] },
      1,
      '3 could begin now, 2 wait to be begun',
    ],
    ['enough wait', { miners: [miner({ unbegun: 3 })], hosts: [host(3)] }, 0, '3 wait to be begun already'],
    ['no room', { miners: [miner()], hosts: [host(0)] }, 0, 'no worker could begin one now'],
    ['off', { miners: [miner({ enabled: false })], hosts: [host(3)] }, 0, 'automatic pledging is off'],
    [
      'the ceiling is reached',
      { miners: [miner({ ceiling: 5, inFlight: 5 })], hosts: [host(3)] },
      0,
      '5 of 5 sectors are in flight',
    ],
    [
      'the ceiling is near',
      { miners: [miner({ ceiling: 5, inFlight: 4 })], hosts: [host(3)] },
      1,
      '3 could begin now, 0 wait to be begun',
    ],
    [
      'the next is not covered',
      { miners: [miner({ free: FIL + FIL / 2n, floor: FIL })], hosts: [host(3)] },
      0,
      'the next sector costs 1 FIL, and 0.5 FIL are left above the floor of 1 FIL',
    ],
    [
      'money for two',
      { miners: [miner({ free: 3n * FIL, floor: FIL })], hosts: [host(3)] },
      2,
      '3 could begin now, 0 wait to be begun',
    ],
    [
      'no numbers',
      { miners: [miner({ unknown: 'the chain does not answer' })], hosts: [host(3)] },
      0,
      'the chain does not answer',
    ],
  ])('%s', (_why, fleet, count, reason) => {
    expect(decidePledges(fleet)).toEqual([{ miner: 1000, count, reason }]);
  });

  test('two miners share evenly', () => {
    const miners = [miner(), miner({ miner: 2000 })];
    expect(decidePledges({ miners, hosts: [host(5)] }).map((one) => one.count)).toEqual([3, 2]);
  });

  test('never more than the room, the ceilings and the money', () => {
    const anyMiner = fc.record({
      miner: fc.integer({ min: 1000, max: 1_000_000 }),
      enabled: fc.boolean(),
      inFlight: fc.nat(50),
      ceiling: fc.nat(60),
      unbegun: fc.nat(5),
      sectorCost: fc.bigInt({ min: 0n, max: 10n }),
      free: fc.bigInt({ min: -20n, max: 200n }),
      floor: fc.bigInt({ min: 0n, max: 100n }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(anyMiner, { selector: (one) => one.miner, maxLength: 5 }),
        fc.array(fc.nat(20), { maxLength: 5 }),
        (miners, wants) => {
          const decisions = decidePledges({ miners, hosts: wants.map(host) });
          const room = wants.reduce((sum, one) => sum + one, 0);
          const waiting = miners.reduce((sum, one) => sum + one.unbegun, 0);
          const pledged = decisions.reduce((sum, one) => sum + one.count, 0);
          expect(pledged).toBeLessThanOrEqual(Math.max(0, room - waiting));
          for (const [index, { count, reason }] of decisions.entries()) {
            const one = miners[index] ?? miner();
            expect(reason).not.toBe('');
            if (count === 0) continue;
            expect(one.enabled).toBe(true);
            if (one.ceiling > 0) expect(one.inFlight + count).toBeLessThanOrEqual(one.ceiling);
            expect(
              one.free - BigInt(count) * one.sectorCost >= (one.sectorCost > 0n ? one.floor : one.free),
            ).toBe(true);
          }
        },
      ),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFil } from '#core';
import { decidePledges, type MinerAccount, type PledgingFleet, type PledgingMiner, shareFunds } from '#sched';

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
    ['nobody there', { miners: [miner()], hosts: [] }, 0, 'no active worker is heard of'],
    [
      'no room, and it says why',
      { miners: [miner()], hosts: [{ ...host(0), refusal: 'AP: it holds 4 of 4 sectors' }] },
      0,
      'no worker could begin one now (host-a: AP: it holds 4 of 4 sectors)',
    ],
    [
      'it has begun some since',
      { miners: [miner()], hosts: [{ ...host(3), begunSince: 2 }] },
      1,
      '1 could begin now, 0 wait to be begun',
    ],
    [
      'it has begun more than it wanted',
      { miners: [miner()], hosts: [{ ...host(1), begunSince: 2 }, host(1)] },
      1,
      '1 could begin now, 0 wait to be begun',
    ],
    [
      'the bottleneck is full on one host, and has room for one on another',
      {
        miners: [miner()],
        hosts: [
          { ...host(9), pipeline: { limits: { precommit1: 4 }, running: {}, waiting: { precommit1: 5 } } },
          { ...host(9), pipeline: { limits: { precommit1: 4 }, running: { precommit1: 4 }, waiting: {} } },
        ],
      },
      1,
      '1 could begin now, 0 wait to be begun',
    ],
    [
      'the bottleneck is full everywhere',
      {
        miners: [miner()],
        hosts: [
          { ...host(9), pipeline: { limits: { precommit1: 1 }, running: {}, waiting: { precommit2: 2 } } },
        ],
      },
      0,
      'no worker could begin one now (host-a: 2 wait for PC2)',
    ],
    [
      'in small steps',
      { miners: [miner()], hosts: [host(9)], most: 2 },
      2,
      '9 could begin now, 0 wait to be begun',
    ],
    [
      'too many are parked',
      { miners: [miner({ inFlight: 9, parked: 3, maxParked: 3 })], hosts: [host(3)] },
      0,
      '3 of its sectors are parked: what parked them may park the next ones',
    ],
    [
      'parked sectors count against the ceiling',
      { miners: [miner({ inFlight: 5, ceiling: 5, parked: 2, maxParked: 0 })], hosts: [host(3)] },
      0,
      '5 of 5 sectors are in flight, 2 of them parked',
    ],
    [
      'less is left than the floor, and sectors cost nothing',
      { miners: [miner({ free: FIL, floor: 2n * FIL, sectorCost: 0n })], hosts: [host(3)] },
      0,
      'the next sector costs 0 FIL, and 0 FIL are left above the floor of 2 FIL',
    ],
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

  test('a wallet that two miners pay from is spent once', () => {
    const wallet = { address: 't1x', free: 3n * FIL };
    const rich = miner({ free: 5n * FIL, wallet });
    const poor = miner({ miner: 2000, free: 3n * FIL, wallet, inFlight: 1 });
    // Two of the first miner's own, and three out of the wallet, whoever takes them.
    expect(decidePledges({ miners: [rich, poor], hosts: [host(20)] }).map((one) => one.count)).toEqual([
      3, 2,
    ]);
    expect(decidePledges({ miners: [poor, rich], hosts: [host(20)] }).map((one) => one.count)).toEqual([
      2, 3,
    ]);
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
            expect(one.free - BigInt(count) * one.sectorCost).toBeGreaterThanOrEqual(one.floor);
          }
        },
      ),
    );
  });
});

describe('what is left to spend', () => {
  const balances = new Map([['t1x', 10n]]);
  const account = (number: number, available: bigint, owed: bigint) => ({
    miner: number,
    available,
    owed,
    wallet: 't1x',
  });

  test.each<[string, MinerAccount[], [number, bigint, bigint][]]>([
    ['nothing is owed', [account(1, 5n, 0n)], [[1, 15n, 10n]]],
    ['the miner pays itself', [account(1, 5n, 4n)], [[1, 11n, 10n]]],
    ['the wallet pays the rest', [account(1, 5n, 8n)], [[1, 7n, 7n]]],
    ['more is owed than there is', [account(1, 5n, 20n)], [[1, -5n, -5n]]],
    [
      'one owes, another pays from the same wallet',
      [account(1, 0n, 6n), account(2, 3n, 1n)],
      [
        [1, 4n, 4n],
        [2, 6n, 4n],
      ],
    ],
  ])('%s', (_why, accounts, expected) => {
    const funds = shareFunds(accounts, balances);
    expect([...funds].map(([id, { free, wallet }]) => [id, free, wallet.free])).toEqual(expected);
  });

  test('all pledges of all miners, and all that they owe, are there', () => {
    const amount = fc.bigInt({ min: 0n, max: 50n });
    const anyAccount = fc.record({ available: amount, owed: amount, wallet: fc.constantFrom('a', 'b') });
    fc.assert(
      fc.property(
        fc.array(anyAccount, { maxLength: 4 }),
        amount,
        amount,
        fc.bigInt({ min: 1n, max: 9n }),
        (given, a, b, cost) => {
          const accounts = given.map((one, index) => ({ miner: 1_000 + index, ...one }));
          const wallets = new Map([
            ['a', a],
            ['b', b],
          ]);
          const funds = shareFunds(accounts, wallets);
          const miners = accounts.map(({ miner: id }) =>
            miner({ miner: id, sectorCost: cost, ...(funds.get(id) ?? { free: 0n }) }),
          );
          const counts = decidePledges({ miners, hosts: [host(50)] });
          for (const [address, balance] of wallets) {
            // What each miner's own balance does not cover comes out of the wallet.
            const drawn = accounts
              .filter((one) => one.wallet === address)
              .map((one) => {
                const pledged = counts.find(({ miner: id }) => id === one.miner)?.count ?? 0;
                const short = one.owed + BigInt(pledged) * cost - one.available;
                return pledged > 0 && short > 0n ? short : 0n;
              })
              .reduce((sum, one) => sum + one, 0n);
            expect(drawn).toBeLessThanOrEqual(balance);
          }
        },
      ),
    );
  });
});

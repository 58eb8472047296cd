import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { byCommit, byMessage, byPreCommit } from '../../../src/roles/sealing/groups.ts';
import { dueForComparison } from '../../../src/roles/sealing/randomness-watch.ts';
import { firstOnChain } from '../../../src/roles/sealing/reorg-watch.ts';

const sector = (number: number, message: number | null, epoch: number | null, miner = 1000) => ({
  miner,
  number,
  precommit_message: message,
  precommit_epoch: epoch,
  commit_message: message,
});
const numbers = (groups: readonly (readonly { readonly number: number }[])[]) =>
  groups.map((group) => group.map(({ number }) => number));

describe('one question speaks for', () => {
  it.each([
    ['all of one message at one epoch', [sector(1, 7, 100), sector(2, 7, 100)], [[1, 2]]],
    ['each message on its own', [sector(1, 7, 100), sector(2, 8, 100), sector(3, 7, 100)], [[1, 3], [2]]],
    // After a reorg of which only one has heard yet.
    ['one epoch of a message', [sector(1, 7, 100), sector(2, 7, 101)], [[1], [2]]],
    ['one miner', [sector(1, 7, 100), sector(1, 7, 100, 1001)], [[1], [1]]],
    ['one sector alone whose message nobody knows', [sector(1, null, 100), sector(2, null, 100)], [[1], [2]]],
    ['nobody', [], []],
  ])('%s', (_whom, sectors, expected) => {
    expect(numbers(byPreCommit(sectors))).toEqual(expected);
  });

  it('all that one prove-commit proved, and all that wait for one message', () => {
    expect(numbers(byCommit([sector(1, 7, 1), sector(2, 7, 2), sector(3, 9, 1)]))).toEqual([[1, 2], [3]]);
    const waiting = [1, 2, 3].map((number) => ({ miner: 1000, number, message_id: number === 2 ? 5 : 6 }));
    expect(numbers(byMessage(waiting))).toEqual([[1, 3], [2]]);
  });

  it('each sector is in one group, and a group is of one miner, message and epoch', () => {
    const any = fc.record({
      miner: fc.nat(2),
      number: fc.nat(30),
      precommit_message: fc.option(fc.nat(3)),
      precommit_epoch: fc.option(fc.nat(3)),
    });
    const key = (one: { miner: number; number: number }) => `${one.miner} ${one.number}`;
    fc.assert(
      fc.property(fc.uniqueArray(any, { selector: key }), (sectors) => {
        const groups = byPreCommit(sectors);
        expect(groups.flat().map(key).toSorted()).toEqual(sectors.map(key).toSorted());
        for (const group of groups) {
          expect(new Set(group.map((one) => `${one.miner} ${one.precommit_epoch}`)).size).toBe(1);
          if (group.length > 1) expect(group[0]?.precommit_message).not.toBeNull();
        }
      }),
    );
  });
});

test('where a chain that was seen leaves the chain that is: found in few looks', async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 900 }), fc.nat(901), async (length, reverted) => {
      const seen = Array.from({ length }, (_, index) => index);
      let looks = 0;
      const first = await firstOnChain(seen, (one) => {
        looks += 1;
        return Promise.resolve(one >= reverted);
      });
      expect(first).toBe(Math.min(reverted, length));
      expect(looks).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(Math.min(reverted, length) + 2)) + 1);
    }),
  );
});

test('what was compared before is free; of the rest only so many a pass, the oldest first', () => {
  const held = [1, 2, 3, 4, 5].map((epoch) => ({ miner: 1000, epoch, value: 'aa' }));
  const due = dueForComparison(held, ({ epoch }) => epoch === 3, 2);
  expect(due.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
});

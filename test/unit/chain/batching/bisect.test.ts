import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type BatchVerdict, type Bisection, bisect } from '#chain';

type Judge = (set: readonly number[]) => BatchVerdict<string>;

function run(count: number, judge: Judge, most?: number): Bisection<number, string> {
  const search = bisect<number, string>(
    Array.from({ length: count }, (_, index) => index),
    most,
  );
  let step = search.next();
  while (!step.done) step = search.next(judge(step.value));
  return step.value;
}

const fits = (set: readonly number[]): BatchVerdict<string> => ({
  verdict: 'fits',
  gas: BigInt(set.length),
});
/** Refused because of these. */
const refusing =
  (bad: ReadonlySet<number>): Judge =>
  (set) =>
    set.some((member) => bad.has(member)) ? { verdict: 'refused', error: 'bad' } : fits(set);

describe('bisect', () => {
  it('asks once where nobody is bad', () => {
    expect(run(256, fits)).toEqual({
      messages: [{ members: Array.from({ length: 256 }, (_, index) => index), gas: 256n }],
      bad: [],
      undecided: [],
      estimates: 1,
    });
  });

  it.each([
    ['the first', 256, [0], 18],
    ['the last', 256, [255], 18],
    ['two neighbours', 256, [100, 101], 20],
    ['one of two', 2, [1], 3],
    ['the only one', 1, [0], 1],
    ['nobody of none', 0, [], 0],
  ])('finds %s of %i in few estimates, and sends the others as one', (_what, count, bad, most) => {
    const found = run(count, refusing(new Set(bad)));
    expect(found.bad).toEqual(bad.map((member) => ({ member, error: 'bad' })));
    expect(found.messages.length).toBe(count > bad.length ? 1 : 0);
    expect(found.estimates).toBeLessThanOrEqual(most);
  });

  it('finds any k bad of n within O(k log n) estimates, and nobody else', () => {
    const batches = fc
      .integer({ min: 1, max: 256 })
      .chain((count) =>
        fc.tuple(fc.constant(count), fc.uniqueArray(fc.nat(count - 1), { maxLength: Math.min(count, 6) })),
      );
    fc.assert(
      fc.property(batches, ([count, list]) => {
        const bad = new Set(list);
        const found = run(count, refusing(bad), 10_000);
        expect(found.bad.map(({ member }) => member)).toEqual([...bad].sort((a, b) => a - b));
        expect(found.undecided).toEqual([]);
        expect(found.messages.length).toBe(count > bad.size ? 1 : 0);
        expect(found.messages.flatMap(({ members }) => members)).toHaveLength(count - bad.size);
        expect(found.estimates).toBeLessThanOrEqual(2 + 2 * bad.size * Math.ceil(Math.log2(count) + 1));
      }),
    );
  });

  it('halves what is too large until it fits, and blames nobody', () => {
    const found = run(100, (set) => (set.length > 33 ? { verdict: 'too-large', error: 'gas' } : fits(set)));
    expect(found.bad).toEqual([]);
    expect(found.messages.map(({ members }) => members.length)).toEqual([25, 25, 25, 25]);
    expect(found.messages.flatMap(({ members }) => members)).toEqual(
      Array.from({ length: 100 }, (_, index) => index),
    );
  });

  it('blames a member that is too large alone', () => {
    expect(run(1, () => ({ verdict: 'too-large', error: 'gas' })).bad).toEqual([{ member: 0, error: 'gas' }]);
  });

  it('stops at an error that tells of no member: what is found stays found, the others are left as they were', () => {
    let asked = 0;
    const found = run(8, (set) => {
      asked += 1;
      if (asked > 3) return { verdict: 'unknown', error: 'node away' };
      return refusing(new Set([7]))(set);
    });
    expect(found).toMatchObject({ stopped: 'node away', bad: [], estimates: 4 });
    expect(found.messages.flatMap(({ members }) => members)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(found.undecided).toEqual([6, 7]);
  });

  it('leaves the rest when the estimates are used up', () => {
    const found = run(256, () => ({ verdict: 'refused', error: 'all' }), 20);
    expect(found.estimates).toBe(20);
    expect(found.bad.length + found.undecided.length).toBe(256);
    expect(found.stopped).toBeUndefined();
  });

  it('sends apart what is good apart and not together', () => {
    const found = run(4, (set) =>
      set.includes(0) && set.includes(3) ? { verdict: 'refused', error: 'together' } : fits(set),
    );
    expect(found.bad).toEqual([]);
    expect(found.messages.map(({ members }) => members)).toEqual([[0, 1], [2], [3]]);
  });
});

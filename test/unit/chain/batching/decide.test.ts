import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BatchMember,
  type BatchRules,
  chooseExpiration,
  companyAfter,
  decideBatches,
  expirationRange,
  fitsMessage,
  networkPolicy,
} from '#chain';

const ROOM = { form: 'commit', limit: 10_000 } as const;
const RULES: BatchRules = { min: 1, max: 3, waitMs: 1_000, slack: 100, room: ROOM };

function member(number: number, change: Partial<BatchMember> = {}): BatchMember {
  return { number, sealProof: 5, waitedMs: 0, lastEpoch: 5_000, bytes: 200, refusals: 0, ...change };
}

describe('decideBatches', () => {
  it.each([
    ['waits for company', [member(1), member(2)], {}, []],
    ['leaves when full', [member(1), member(2), member(3)], {}, [{ members: [1, 2, 3], reason: 'full' }]],
    [
      'leaves when the first has waited enough',
      [member(1, { waitedMs: 1_000 }), member(2)],
      {},
      [{ members: [1, 2], reason: 'waited' }],
    ],
    ['waits on for the least number', [member(1, { waitedMs: 9_000 })], { min: 2 }, []],
    [
      'leaves below the least number when a deadline is near',
      [member(1, { lastEpoch: 1_100 })],
      { min: 2 },
      [{ members: [1], reason: 'slack' }],
    ],
    [
      'takes the nearest deadlines first',
      [member(1), member(2, { lastEpoch: 2_000 }), member(3), member(4, { lastEpoch: 1_900 })],
      {},
      [{ members: [4, 2, 1], reason: 'full' }],
    ],
    [
      'never mixes proof types',
      [member(1, { waitedMs: 2_000 }), member(2, { sealProof: 10, waitedMs: 2_000 })],
      {},
      [
        { members: [1], reason: 'waited' },
        { members: [2], reason: 'waited' },
      ],
    ],
    [
      'sends those that were refused at once, in small company, apart from the fresh',
      [
        member(1, { refusals: 1, company: 2 }),
        member(2),
        member(3, { refusals: 1, company: 2 }),
        member(4, { refusals: 1, company: 2 }),
        member(5, { refusals: 2, company: 1 }),
      ],
      {},
      [
        { members: [1, 3], reason: 'refused' },
        { members: [4], reason: 'refused' },
        { members: [5], reason: 'refused' },
      ],
    ],
    [
      'sends all that the operator ordered, first, with whoever fits beside them',
      [
        member(1, { lastEpoch: 2_000 }),
        member(2),
        member(3, { ordered: true }),
        member(4, { ordered: true }),
      ],
      {},
      [{ members: [3, 4, 1], reason: 'ordered' }],
    ],
    [
      'sends at once while the base fee is low',
      [member(1)],
      { baseFee: 'low' },
      [{ members: [1], reason: 'base-fee' }],
    ],
    ['not less than the least number, however low the base fee', [member(1)], { baseFee: 'low', min: 2 }, []],
    [
      'holds what is full, waited or refused while the base fee is high',
      [member(1, { waitedMs: 9_000 }), member(2), member(3), member(4, { refusals: 1, company: 1 })],
      { baseFee: 'high' },
      [],
    ],
    [
      'holds nothing whose deadline is near, nor what is ordered, however high the base fee',
      [member(1, { lastEpoch: 1_100 }), member(2, { sealProof: 10, ordered: true })],
      { baseFee: 'high' },
      [
        { members: [1], reason: 'slack' },
        { members: [2], reason: 'ordered' },
      ],
    ],
    [
      'keeps within the message',
      [member(1, { bytes: 6_000 }), member(2, { bytes: 6_000 })],
      {},
      [{ members: [1], reason: 'full' }],
    ],
  ] as const)('%s', (_what, members, change, batches) => {
    expect(decideBatches(members, { ...RULES, ...change }, 1_000).batches).toEqual(batches);
  });

  it('says when the first of those that stay will have waited enough', () => {
    expect(decideBatches([member(1, { waitedMs: 400 }), member(2)], RULES, 0)).toMatchObject({
      batches: [],
      nextMs: 600,
    });
    expect(decideBatches([], RULES, 0)).toEqual({ batches: [], waiting: [], nextMs: undefined });
  });

  it('says what those that stay wait for, and when they leave at the latest', () => {
    const two = [member(1, { waitedMs: 400 }), member(2, { lastEpoch: 3_000 })];
    const group = { sealProof: 5, refusals: 0, members: 2, longestMs: 400, latestEpoch: 2_900 };
    const waiting = (change: Partial<BatchRules>) => decideBatches(two, { ...RULES, ...change }, 0).waiting;
    expect(waiting({})).toEqual([{ ...group, for: 'wait', leavesInMs: 600 }]);
    expect(waiting({ min: 3, waitMs: 100 })).toEqual([{ ...group, for: 'company' }]);
    expect(waiting({ baseFee: 'high' })).toEqual([{ ...group, for: 'base-fee' }]);
  });

  it('sends everybody at most once, never too many, never too much', () => {
    const anyone = fc.record({
      sealProof: fc.constantFrom(5, 10),
      waitedMs: fc.nat(2_000),
      lastEpoch: fc.integer({ min: 900, max: 3_000 }),
      bytes: fc.integer({ min: 1, max: 6_000 }),
      refusals: fc.nat(2),
    });
    fc.assert(
      fc.property(fc.array(anyone, { maxLength: 40 }), (many) => {
        const members = many.map((one, number) => ({ number, ...one }));
        const { batches } = decideBatches(members, RULES, 1_000);
        const sent = batches.flatMap((batch) => batch.members);
        expect(new Set(sent).size).toBe(sent.length);
        for (const batch of batches) {
          expect(batch.members.length).toBeLessThanOrEqual(RULES.max);
          const bytes = batch.members.reduce((sum, number) => sum + (members[number]?.bytes ?? 0), 0);
          if (batch.members.length > 1) expect(fitsMessage(ROOM, batch.members.length, bytes)).toBe(true);
        }
        for (const one of members) {
          if (one.lastEpoch <= 1_100) expect(sent).toContain(one.number);
        }
      }),
    );
  });
});

describe('companyAfter', () => {
  it.each([
    [1, 5, 256, 64],
    [2, 5, 256, 16],
    [3, 5, 256, 4],
    [4, 5, 256, 1],
    // The last try is always alone: nobody is parked for another's fault.
    [1, 1, 256, 1],
    [3, 3, 256, 1],
    [1, 5, 3, 1],
  ])('%i of %i tries spent, of %i: %i', (refusals, tries, max, company) => {
    expect(companyAfter(refusals, tries, max)).toBe(company);
  });
});

describe('chooseExpiration', () => {
  it('is within the limits at every inclusion of the next day', () => {
    const policy = networkPolicy(28);
    fc.assert(
      fc.property(
        fc.nat(10_000_000),
        fc.integer({ min: 0, max: 5_000_000 }),
        fc.integer({ min: 1, max: 2_880 }),
        (head, life, later) => {
          const expiration = chooseExpiration(policy, head, 150, life);
          const { min, max } = expirationRange(policy, head + later, 150);
          expect(expiration).toBeGreaterThanOrEqual(min);
          expect(expiration).toBeLessThanOrEqual(max);
        },
      ),
    );
  });
});

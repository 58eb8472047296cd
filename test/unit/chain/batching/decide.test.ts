import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BatchMember,
  type BatchRules,
  chooseExpiration,
  companyAfter,
  decideBatches,
  expirationRange,
  networkPolicy,
} from '#chain';

const RULES: BatchRules = { min: 1, max: 3, waitMs: 1_000, slack: 100, maxBytes: 10_000 };

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
      'keeps within the message',
      [member(1, { bytes: 6_000 }), member(2, { bytes: 6_000 })],
      {},
      [{ members: [1], reason: 'full' }],
    ],
  ] as const)('%s', (_what, members, change, batches) => {
    expect(decideBatches(members, { ...RULES, ...change }, 1_000).batches).toEqual(batches);
  });

  it('says when the first of those that stay will have waited enough', () => {
    expect(decideBatches([member(1, { waitedMs: 400 }), member(2)], RULES, 0)).toEqual({
      batches: [],
      nextMs: 600,
    });
    expect(decideBatches([], RULES, 0)).toEqual({ batches: [], nextMs: undefined });
  });

  it('holds 33 unaggregated proofs of 32 GiB sectors in a message of 64 KiB', () => {
    const members = Array.from({ length: 60 }, (_, index) => member(index, { bytes: 1_936 }));
    const [first] = decideBatches(members, { ...RULES, max: 256, maxBytes: 64 * 1024 - 640 }, 0).batches;
    expect(first?.members).toHaveLength(33);
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
          if (batch.members.length > 1) expect(bytes).toBeLessThanOrEqual(RULES.maxBytes);
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

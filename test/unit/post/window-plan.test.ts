import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitField } from '#codec';
import {
  comingDeadlines,
  type DeadlineState,
  type PartitionState,
  type ProvingDeadlineAnswer,
  planProofs,
  planRecoveries,
} from '#post';
import { recording } from '../devnet/recording.ts';

const bits = (...numbers: number[]) => BitField.of(numbers);
const CONFIDENCE = 4;

/** The recorded answer of a miner in its third deadline; the head was 795. */
const shown = recording('020-StateMinerProvingDeadline').response.result as Record<string, number>;
const answer: ProvingDeadlineAnswer = {
  periodStart: shown.PeriodStart ?? 0,
  wPoStProvingPeriod: shown.WPoStProvingPeriod ?? 0,
  wPoStChallengeWindow: shown.WPoStChallengeWindow ?? 0,
  wPoStChallengeLookback: shown.WPoStChallengeLookback ?? 0,
  faultDeclarationCutoff: shown.FaultDeclarationCutoff ?? 0,
};

const partition = (change: Partial<PartitionState> = {}): PartitionState => {
  const state = { liveSectors: bits(0, 1), faultySectors: bits(), recoveringSectors: bits(), ...change };
  return { ...state, activeSectors: change.activeSectors ?? state.liveSectors.subtract(state.faultySectors) };
};
const deadlineOf = (...partitions: PartitionState[]): DeadlineState => ({
  postSubmissions: bits(),
  partitions,
});

describe('coming deadlines', () => {
  it('begin with the recorded one', () => {
    expect(comingDeadlines(answer, 795, 2)).toEqual([
      { index: 2, periodStart: 658, challenge: 758, open: 778, close: 838, faultCutoff: 708 },
      { index: 3, periodStart: 658, challenge: 818, open: 838, close: 898, faultCutoff: 768 },
    ]);
  });

  it.each([
    [837, 2, 658],
    [838, 3, 658],
    [658 + 2880 - 1, 47, 658],
    [658 + 2880, 0, 658 + 2880],
    [658 + 3 * 2880 + 60, 1, 658 + 3 * 2880],
  ])('at head %i begin with deadline %i of the period from %i', (head, index, periodStart) => {
    expect(comingDeadlines(answer, head, 1)).toMatchObject([{ index, periodStart }]);
  });

  it('are told by the epoch: the answer of a state that null rounds left behind names one of the next period', () => {
    // Deadline 2 ends at 838. A head at 840 whose parent lies before shows deadline 2 of the period after.
    expect(comingDeadlines({ ...answer, periodStart: 658 + 2880 }, 840, 1)).toEqual(
      comingDeadlines(answer, 840, 1),
    );
  });

  it('of a new miner, whose answer lies in the future, are those that the actor counts', () => {
    expect(comingDeadlines({ ...answer, periodStart: 1388 }, 795, 1)).toMatchObject([
      { index: 38, periodStart: 1388 - 2880, open: 788 },
    ]);
  });

  it('follow each other without a gap, and none is over', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), (head) => {
        const coming = comingDeadlines(answer, head, 60);
        expect(coming[0]?.close).toBeGreaterThan(head);
        for (const [index, each] of coming.entries())
          if (index > 0) expect(each.open).toBe(coming[index - 1]?.close);
      }),
    );
  });
});

describe('the plan of a deadline', () => {
  const [deadline] = comingDeadlines(answer, 795, 1);
  if (!deadline) throw new Error('no deadline');
  const plan = (state: DeadlineState, unreadable = bits(), head = 795) =>
    planProofs(deadline, state, head, unreadable, CONFIDENCE);

  it.each([
    [761, 'waiting'],
    [762, 'early'],
    [777, 'early'],
    [778, 'open'],
    [837, 'open'],
  ])('at head %i is %s', (head, stage) => {
    expect(plan(deadlineOf(), bits(), head).stage).toBe(stage);
  });

  it.each<readonly [string, PartitionState, number[], object]>([
    ['all is well', partition(), [], { sectors: bits(0, 1), skipped: bits(), recovers: false }],
    ['one cannot be read', partition(), [1], { sectors: bits(0), skipped: bits(1), recovers: false }],
    [
      'one is faulty',
      partition({ faultySectors: bits(1) }),
      [],
      { sectors: bits(0), skipped: bits(), recovers: false },
    ],
    [
      'one is faulty and cannot be read',
      partition({ faultySectors: bits(1) }),
      [1],
      { sectors: bits(0), skipped: bits(), recovers: false },
    ],
    [
      'one recovers',
      partition({ faultySectors: bits(1), recoveringSectors: bits(1) }),
      [],
      { sectors: bits(0, 1), skipped: bits(), recovers: true, firstProven: bits() },
    ],
    [
      'one was to recover and cannot be read',
      partition({ faultySectors: bits(1), recoveringSectors: bits(1) }),
      [1],
      { sectors: bits(0), skipped: bits(1), recovers: false },
    ],
    [
      'one is new',
      partition({ activeSectors: bits(0) }),
      [],
      { sectors: bits(0, 1), firstProven: bits(1), recovers: false },
    ],
    ['one of another partition cannot be read', partition(), [7], { sectors: bits(0, 1), skipped: bits() }],
  ])('proves a partition when %s', (_what, state, unreadable, expected) => {
    const { proofs, passedOver } = plan(deadlineOf(state), bits(...unreadable));
    expect(passedOver).toEqual([]);
    expect(proofs).toHaveLength(1);
    expect(proofs[0]).toMatchObject({ partition: 0, ...expected });
  });

  it.each<readonly [string, PartitionState, number[]]>([
    ['empty', partition({ liveSectors: bits() }), []],
    ['all-faulty', partition({ faultySectors: bits(0, 1) }), []],
    ['nothing-readable', partition(), [0, 1]],
    ['nothing-readable', partition({ faultySectors: bits(1) }), [0]],
  ])('passes over a partition that is %s', (reason, state, unreadable) => {
    const { proofs, passedOver } = plan(deadlineOf(partition(), state), bits(...unreadable));
    expect(passedOver).toContainEqual({ partition: 1, reason });
    expect(proofs.map((each) => each.partition)).not.toContain(1);
  });

  it('passes over what was proven, and keeps the others', () => {
    const state = { ...deadlineOf(partition(), partition()), postSubmissions: bits(0) };
    const { proofs, passedOver } = plan(state);
    expect(passedOver).toEqual([{ partition: 0, reason: 'proven' }]);
    expect(proofs).toMatchObject([{ partition: 1 }]);
  });
});

describe('recoveries', () => {
  const coming = comingDeadlines(answer, 795, 4);
  const faulty = partition({ faultySectors: bits(0, 1), recoveringSectors: bits(1) });
  const states: DeadlineState[] = Array.from({ length: 48 }, () => deadlineOf(partition(), faulty));

  it('are declared for those deadlines whose cutoff a message can meet, the most urgent first', () => {
    // Deadline 4 opens at 898, so declarations for it end at 828.
    const plans = planRecoveries(coming.toReversed(), states, 795, bits(0, 1), 10);
    expect(plans).toEqual([
      { recoveries: [{ deadline: 4, partition: 1, sectors: bits(0) }], until: 827 },
      { recoveries: [{ deadline: 5, partition: 1, sectors: bits(0) }], until: 887 },
    ]);
  });

  it.each([
    [817, [4, 5]],
    [818, [5]],
    [877, [5]],
    [878, []],
  ])('at head %i are for deadlines %j', (head, deadlines) => {
    const plans = planRecoveries(coming, states, head, bits(0), 10);
    expect(plans.map(({ recoveries }) => recoveries[0]?.deadline)).toEqual(deadlines);
  });

  it('name only what was read and found good', () => {
    expect(planRecoveries(coming, states, 795, bits(1), 10)).toEqual([]);
  });

  it('are split at 25,000 sectors', () => {
    const size = 2_349;
    const many = Array.from({ length: 12 }, (_, index) => {
      const all = BitField.ofRanges([{ start: index * size, end: (index + 1) * size }]);
      return partition({ liveSectors: all, faultySectors: all });
    });
    const all = BitField.ofRanges([{ start: 0, end: 12 * size }]);
    const wide = Array.from({ length: 48 }, () => deadlineOf(...many));
    const plans = planRecoveries(coming.slice(2, 3), wide, 795, all, 10);
    expect(plans.map(({ recoveries }) => recoveries.length)).toEqual([10, 2]);
  });
});

describe('100,000 sectors in 48 deadlines', () => {
  const SECTORS = 100_000;
  const unreadable = BitField.of(Array.from({ length: SECTORS / 100 }, (_, index) => index * 100 + 7));
  /** Numbers are scattered over the deadlines, as on a chain that fills them in turn; every tenth is faulty. */
  const states: DeadlineState[] = Array.from({ length: 48 }, (_, deadline) => {
    const numbers = Array.from({ length: SECTORS }, (_unused, number) => number).filter(
      (number) => number % 48 === deadline,
    );
    const own = BitField.of(numbers);
    const faults = BitField.of(numbers.filter((number) => number % 10 === 3));
    return deadlineOf(partition({ liveSectors: own, faultySectors: faults }));
  });

  it('are all either proven, skipped or faulty, once each', () => {
    const plans = comingDeadlines(answer, 795, 48).map((deadline) =>
      planProofs(deadline, states[deadline.index] ?? deadlineOf(), 795, unreadable, CONFIDENCE),
    );
    const proofs = plans.flatMap((plan) => plan.proofs);
    const count = (of: (proof: (typeof proofs)[number]) => BitField) =>
      proofs.reduce((sum, proof) => sum + of(proof).size, 0);
    expect(count(({ skipped }) => skipped)).toBe(unreadable.size);
    expect(count(({ sectors }) => sectors)).toBe(SECTORS - SECTORS / 10 - unreadable.size);
  });
});

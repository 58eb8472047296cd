import { describe, expect, test } from 'vitest';
import { MEMORY_NEEDS, PHASE_NAMES, type SectorSizeName, sealProof, sectorBytes } from '#core';
import {
  type HostSize,
  ruleOfThumbSpace,
  type SectorCost,
  sectorPeak,
  suggestLimits,
  unreachableLimits,
} from '#sched';

const GiB = 2 ** 30;
const TB = 1e12;

function cost(size: SectorSizeName): SectorCost {
  const memory = Object.fromEntries(PHASE_NAMES.map((phase) => [phase, MEMORY_NEEDS[phase][size] ?? 0]));
  return { size, memory, space: ruleOfThumbSpace(sectorBytes(size)) };
}

const EPYC: HostSize = {
  // 1 TB of memory as Linux reports it.
  memory: 1_007 * GiB,
  memoryKeepFree: GiB,
  cores: 32,
  l3Groups: 8,
  gpus: 1,
  slots: 1,
  scratch: { capacity: 15.36 * TB, keepFree: GiB },
};
const THREADRIPPER: HostSize = {
  ...EPYC,
  memory: 251 * GiB,
  cores: 24,
  scratch: { capacity: 3.84 * TB, keepFree: GiB },
};

function values(host: HostSize, size: SectorSizeName = '32GiB') {
  const { role, proposals, notes } = suggestLimits(host, cost(size));
  const of = (setting: string) => proposals.find((one) => one.setting === setting)?.value;
  return {
    role,
    notes,
    pc1: of('worker.limit.precommit1'),
    pc2: of('worker.limit.precommit2'),
    c2: of('worker.limit.commit2'),
    sectors: of('worker.max_sectors'),
    outside: of('worker.accept_outside_c2'),
  };
}

describe('limits that suit a machine', () => {
  test.each<[string, HostSize, ReturnType<typeof values>]>([
    [
      'EPYC 7542, 1 TB, one GPU, 15.36 TB',
      EPYC,
      {
        role: 'everything',
        notes: [expect.any(String)],
        pc1: '12',
        pc2: '1',
        c2: '1',
        sectors: '23',
        outside: undefined,
      },
    ],
    [
      'the same with two GPUs: their C2 takes the memory of two PC1 and more',
      { ...EPYC, gpus: 2, slots: 2 },
      {
        role: 'everything',
        notes: [expect.any(String)],
        pc1: '10',
        pc2: '2',
        c2: '2',
        sectors: '23',
        outside: undefined,
      },
    ],
    [
      'the same with a small disk: no more PC1 than sectors',
      { ...EPYC, scratch: { capacity: 3.84 * TB, keepFree: GiB } },
      { role: 'everything', notes: [], pc1: '5', pc2: '1', c2: '1', sectors: '5', outside: undefined },
    ],
    [
      '3960X, 256 GB, one GPU: one PC1 beside its C2, three with C2 elsewhere',
      THREADRIPPER,
      {
        role: 'everything',
        notes: [expect.stringContaining('could run 3 PC1 instead of 1')],
        pc1: '1',
        pc2: '1',
        c2: '1',
        sectors: '5',
        outside: undefined,
      },
    ],
    [
      'no GPU: PC2 on its cores, no C2',
      { ...EPYC, memory: 503 * GiB, gpus: 0, slots: undefined },
      {
        role: 'no C2',
        notes: [expect.stringContaining('no GPU')],
        pc1: '7',
        pc2: '1',
        c2: '0',
        sectors: '23',
        outside: undefined,
      },
    ],
    [
      'four GPUs and no workspace: C2 of others, as many as fit into memory',
      { ...EPYC, memory: 503 * GiB, gpus: 4, slots: 4, scratch: { capacity: 0.4 * TB, keepFree: GiB } },
      {
        role: 'C2 only',
        notes: [expect.stringContaining('workspace disk')],
        pc1: undefined,
        pc2: undefined,
        c2: '3',
        sectors: undefined,
        outside: 'true',
      },
    ],
    [
      'a machine that is good for nothing',
      { ...EPYC, memory: 15 * GiB, gpus: 0, slots: undefined },
      {
        role: 'nothing',
        notes: [expect.stringContaining('PC1 needs 64 GiB')],
        pc1: undefined,
        pc2: undefined,
        c2: undefined,
        sectors: undefined,
        outside: undefined,
      },
    ],
  ])('%s', (_name, host, expected) => {
    expect(values(host)).toEqual(expected);
  });

  test('test sectors: C2 on cores, and no more sectors than the setting takes', () => {
    const laptop = { ...EPYC, memory: 15 * GiB, cores: 4, gpus: 0, slots: undefined };
    expect(values(laptop, '2KiB')).toMatchObject({
      role: 'everything',
      pc1: '1',
      c2: '1',
      sectors: '1000000',
    });
  });

  test('what is proposed can be reached', () => {
    for (const host of [EPYC, THREADRIPPER, { ...EPYC, gpus: 2, slots: 2 }]) {
      const { proposals } = suggestLimits(host, cost('32GiB'));
      const limits = Object.fromEntries(
        PHASE_NAMES.map((phase) => [
          phase,
          Number(proposals.find(({ setting }) => setting === `worker.limit.${phase}`)?.value ?? 0),
        ]),
      );
      expect(unreachableLimits(host, cost('32GiB'), limits, Number(values(host).sectors))).toEqual([]);
    }
  });

  test('the rule of 650 GB is above what the files of a sector take', () => {
    for (const size of ['32GiB', '64GiB'] as const) {
      expect(ruleOfThumbSpace(sectorBytes(size))).toBeGreaterThan(sectorPeak(sealProof(size, 'synthetic')));
    }
  });
});

describe('limits above what a machine can hold', () => {
  const own = { ...cost('32GiB'), space: sectorPeak(sealProof('32GiB', 'interactive')) };

  test.each<[string, Parameters<typeof unreachableLimits>[2], number, ReturnType<typeof unreachableLimits>]>([
    ['all within', { precommit1: 15, commit2: 1 }, 27, []],
    [
      'more PC1 than memory',
      { precommit1: 20 },
      0,
      [
        {
          setting: 'worker.limit.precommit1',
          most: 15,
          reason: 'at most 15 fit into memory: each counts 64 GiB, and 1006 GiB may be used',
        },
      ],
    ],
    [
      'more C2 than slots',
      { commit2: 2 },
      0,
      [{ setting: 'worker.limit.commit2', most: 1, reason: 'its devices have 1 slot' }],
    ],
    [
      'more sectors than disk',
      {},
      100,
      [
        {
          setting: 'worker.max_sectors',
          most: 27,
          reason: expect.stringMatching(/^at most 27 fit on its workspace disk: each counts 517 GiB/),
        },
      ],
    ],
  ])('%s', (_name, limits, maxSectors, expected) => {
    expect(unreachableLimits(EPYC, own, limits, maxSectors)).toEqual(expected);
  });

  test('a phase that does not fit at all', () => {
    const [problem] = unreachableLimits({ ...EPYC, memory: 64 * GiB }, own, { commit2: 1 }, 0);
    expect(problem).toMatchObject({ most: 0, reason: expect.stringMatching(/^none fits into memory/) });
  });
});

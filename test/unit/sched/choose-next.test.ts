import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PHASE_NAMES, type Phase } from '#core';
import { chooseNext, type DeviceView, type HostView, PHASE_ORDER } from '#sched';

const ALL = Object.fromEntries(PHASE_NAMES.map((phase) => [phase, 1])) as Record<Phase, number>;

const GiB = 2 ** 30;
const MEMORY = { total: 128 * GiB, available: 120 * GiB, keepFree: 8 * GiB, runs: [], needs: {} };
const SCRATCH = {
  capacity: 1_000 * GiB,
  free: 1_000 * GiB,
  keepFree: 10 * GiB,
  reserved: 0,
  growth: 0,
  newSector: 518 * GiB,
  writes: {},
};

function device(changes: Partial<DeviceView> = {}): DeviceView {
  return { id: 'gpu-0', slots: 1, held: [], reservedForPost: 0, ...changes };
}

function view(changes: Partial<HostView> = {}): HostView {
  return {
    worker: 'host-a',
    state: 'active',
    limits: ALL,
    running: {},
    maxSectors: 0,
    sectors: 0,
    paused: new Set(),
    acceptsOutsideC2: false,
    devices: [],
    ...changes,
  };
}

function phases(changes: Partial<HostView> = {}): Phase[] {
  return chooseNext(view(changes)).candidates.map((candidate) => candidate.phase);
}

function refusal(phase: Phase, changes: Partial<HostView>) {
  return chooseNext(view(changes)).refusals.find((one) => one.phase === phase);
}

describe('which queues a host serves', () => {
  test('an idle host with limits serves all, what is nearest to its end first', () => {
    expect(phases()).toEqual([
      'remove-files',
      'remove-files',
      'clear-cache',
      'landing',
      'commit1',
      'commit2',
      'precommit2',
      'precommit1',
      'unseal',
      'add-piece',
    ]);
  });

  test('work whose data is here comes from the host’s queue, the rest from the fleet’s', () => {
    const { candidates } = chooseNext(view());
    expect(candidates.find((one) => one.phase === 'precommit1')?.queue).toBe('host');
    expect(candidates.find((one) => one.phase === 'add-piece')?.queue).toBe('fleet');
  });

  test.each<[string, Phase, Partial<HostView>, string, string]>([
    ['no limit set', 'precommit1', { limits: {} }, 'no-limit', 'its limit for precommit1 is 0'],
    [
      'the limit is reached',
      'precommit1',
      { limits: { precommit1: 2 }, running: { precommit1: 2 } },
      'limit-reached',
      '2 of 2 run already',
    ],
    [
      'a limit was lowered below what runs',
      'precommit1',
      { limits: { precommit1: 1 }, running: { precommit1: 3 } },
      'limit-reached',
      '3 of 1 run already',
    ],
    [
      'the workspace holds its sectors',
      'add-piece',
      { maxSectors: 4, sectors: 4 },
      'max-sectors',
      'it holds 4 of 4 sectors',
    ],
    ['it drains', 'add-piece', { state: 'draining' }, 'not-active', 'the worker is draining'],
    ['it was removed', 'landing', { state: 'removed' }, 'not-active', 'the worker is removed'],
    [
      'the fleet’s queue is paused',
      'precommit2',
      { paused: new Set(['precommit2']) },
      'paused',
      'the queue precommit2@host-a is paused',
    ],
    [
      'the host’s queue is paused',
      'precommit2',
      { paused: new Set(['precommit2@host-a']) },
      'paused',
      'the queue precommit2@host-a is paused',
    ],
    [
      'a phase of the fleet’s queue is paused on this worker',
      'add-piece',
      { paused: new Set(['add-piece@host-a']) },
      'paused',
      'add-piece is paused here',
    ],
    [
      'the disk does not answer',
      'add-piece',
      { scratch: { ...SCRATCH, unknown: 'the workspace disk cannot be measured: it does not answer' } },
      'scratch',
      'the workspace disk cannot be measured: it does not answer',
    ],
    [
      'every slot is busy',
      'commit2',
      { devices: [device({ held: ['precommit2'] })] },
      'device',
      'all 1 slots of 1 device are busy',
    ],
    [
      'the only device is out of service',
      'precommit2',
      { devices: [device({ outOfService: 'it has fallen off the bus' })] },
      'device',
      'no device is in service: gpu-0, it has fallen off the bus',
    ],
    [
      'memory is promised',
      'commit2',
      { memory: { ...MEMORY, runs: [{ need: 60 * GiB, used: 60 * GiB }], needs: { commit2: 64 * GiB } } },
      'memory',
      'it needs 64 GiB, and 60 GiB of 120 GiB are promised',
    ],
    [
      'others use the memory',
      'commit2',
      { memory: { ...MEMORY, available: 40 * GiB, needs: { commit2: 64 * GiB } } },
      'memory',
      'it needs 64 GiB, and 32 GiB are free beside what runs',
    ],
    [
      'an idle sealer holds too little of what it needs',
      'commit2',
      {
        memory: {
          ...MEMORY,
          available: 40 * GiB,
          needs: { commit2: 64 * GiB },
          reusable: { commit2: 30 * GiB },
        },
      },
      'memory',
      'it needs 64 GiB, and 32 GiB are free beside what runs',
    ],
    [
      'the disk is promised',
      'add-piece',
      { scratch: { ...SCRATCH, reserved: 900 * GiB } },
      'scratch',
      'a sector needs 518 GiB in its life, and 90 GiB are not reserved',
    ],
    [
      'others have filled the disk',
      'precommit1',
      { scratch: { ...SCRATCH, free: 5 * GiB, writes: { precommit1: 352 * GiB } } },
      'scratch',
      'it writes 352 GiB, and 5 GiB are free',
    ],
  ])('%s: %s is refused with its reason', (_why, phase, changes, code, reason) => {
    expect(refusal(phase, changes)).toEqual({ phase, code, reason });
    expect(phases(changes)).not.toContain(phase);
  });

  test('what an idle sealer holds already is not asked for again', () => {
    const memory = {
      ...MEMORY,
      available: 40 * GiB,
      needs: { commit2: 64 * GiB },
      reusable: { commit2: 33 * GiB },
    };
    expect(phases({ memory })).toContain('commit2');
  });

  test('a full workspace or draining keeps nothing from being finished', () => {
    for (const changes of [{ maxSectors: 1, sectors: 9 }, { state: 'draining' as const }]) {
      expect(new Set(phases(changes))).toEqual(new Set(PHASE_NAMES.filter((phase) => phase !== 'add-piece')));
    }
  });

  test('another host’s pause does not matter', () => {
    expect(phases({ paused: new Set(['precommit1@host-b']) })).toContain('precommit1');
  });
});

describe('laws', () => {
  const counts = fc.dictionary(fc.constantFrom(...PHASE_NAMES), fc.nat(3));
  const anyView = fc
    .record({
      limits: counts,
      running: counts,
      maxSectors: fc.nat(3),
      sectors: fc.nat(5),
      state: fc.constantFrom('active' as const, 'draining' as const, 'removed' as const),
      paused: fc
        .uniqueArray(fc.constantFrom(...PHASE_NAMES, 'precommit1@host-a'))
        .map((names) => new Set(names)),
    })
    .map((changes) => view(changes));

  test('every phase is either served or refused with a reason, never both', () => {
    fc.assert(
      fc.property(anyView, (host) => {
        const { candidates, refusals } = chooseNext(host);
        for (const phase of PHASE_ORDER) {
          const served = candidates.some((one) => one.phase === phase);
          const refused = refusals.some((one) => one.phase === phase && one.reason !== '');
          if (phase === 'remove-files') expect(served || refused).toBe(true);
          else expect(served).toBe(!refused);
        }
      }),
    );
  });

  test('nothing is served beyond its limit', () => {
    fc.assert(
      fc.property(anyView, (host) => {
        for (const { phase } of chooseNext(host).candidates) {
          expect(host.running[phase] ?? 0).toBeLessThan(host.limits[phase] ?? 0);
        }
      }),
    );
  });

  test('the order names every phase once', () => {
    expect(PHASE_ORDER.toSorted()).toEqual(PHASE_NAMES.toSorted());
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PHASE_NAMES, type Phase } from '#core';
import { chooseNext, type HostView, PHASE_ORDER } from '#sched';

const ALL = Object.fromEntries(PHASE_NAMES.map((phase) => [phase, 1])) as Record<Phase, number>;

function view(changes: Partial<HostView> = {}): HostView {
  return {
    worker: 'host-a',
    state: 'active',
    limits: ALL,
    running: {},
    maxSectors: 0,
    sectors: 0,
    paused: new Set(),
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
      'commit2',
      'commit1',
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
      'a resource is busy',
      'commit2',
      {
        resources: [
          {
            name: 'GPU 0',
            admits: (phase) => (phase === 'commit2' ? 'one of one slots is held' : undefined),
          },
        ],
      },
      'resource',
      'GPU 0: one of one slots is held',
    ],
  ])('%s: %s is refused with its reason', (_why, phase, changes, code, reason) => {
    expect(refusal(phase, changes)).toEqual({ phase, code, reason });
    expect(phases(changes)).not.toContain(phase);
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

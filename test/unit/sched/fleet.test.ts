import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PHASE_NAMES } from '#core';
import {
  candidatesFor,
  type DeviceView,
  type FleetHost,
  type HostReport,
  slotsOf,
  summariseClasses,
  type Verdict,
  verdictOf,
} from '#sched';

function report(changes: Partial<HostReport> = {}): HostReport {
  return {
    running: {},
    limits: {},
    sectors: 0,
    maxSectors: 0,
    devices: [],
    takes: [],
    refusals: [],
    wants: 0,
    ...changes,
  };
}

function host(
  worker: string,
  said: Partial<HostReport> | undefined,
  changes: Partial<FleetHost> = {},
): FleetHost {
  return {
    worker,
    class: '',
    state: 'active',
    heartbeatAgeMs: 1_000,
    away: false,
    sectors: 3,
    waiting: {},
    ...(said ? { report: report(said) } : {}),
    ...changes,
  };
}

const device = (changes: Partial<DeviceView>): DeviceView => ({
  id: 'gpu-0',
  slots: 1,
  held: [],
  reservedForPost: 0,
  ...changes,
});

describe('the slots of a host', () => {
  test.each<[string, FleetHost, (string | undefined)[]]>([
    ['none without devices', host('a', {}), []],
    ['none without a report', host('a', undefined), []],
    [
      'held, and idle for want of work',
      host('a', { devices: [device({ slots: 2, held: ['precommit2'] })], takes: ['precommit2', 'commit2'] }),
      ['precommit2', 'no PC2 or C2 waits'],
    ],
    [
      'idle although something waits: it comes',
      host('a', { devices: [device({})], takes: ['commit2'] }, { waiting: { commit2: 1 } }),
      ['it is about to take C2'],
    ],
    [
      'idle by limits',
      host('a', {
        devices: [device({})],
        takes: ['commit2'],
        refusals: [
          { phase: 'precommit1', code: 'no-limit', reason: 'its limit for precommit1 is 0' },
          { phase: 'precommit2', code: 'no-limit', reason: 'its limit for precommit2 is 0' },
        ],
      }),
      ['no C2 waits; PC2: its limit for precommit2 is 0'],
    ],
    [
      'kept for PoSt',
      host('a', {
        devices: [device({ slots: 3, held: ['window-post'], reservedForPost: 2 })],
        takes: ['commit2'],
      }),
      ['window-post', 'no C2 waits', 'kept for PoSt'],
    ],
    [
      'out of service',
      host('a', { devices: [device({ slots: 2, outOfService: 'Xid 79' })] }),
      ['Xid 79', 'Xid 79'],
    ],
    ['away', host('a', { devices: [device({})] }, { away: true }), ['the worker is away']],
  ])('%s', (_why, one, expected) => {
    expect(slotsOf(one).map(({ use, idle }) => use ?? idle)).toEqual(expected);
  });

  test('every slot has a use or a reason, never both', () => {
    const anyDevice = fc.record({
      id: fc.string({ minLength: 1 }),
      slots: fc.nat(4),
      held: fc.array(fc.constantFrom('precommit2' as const, 'window-post' as const), { maxLength: 4 }),
      reservedForPost: fc.nat(3),
    });
    fc.assert(
      fc.property(fc.array(anyDevice, { maxLength: 4 }), fc.boolean(), (devices, away) => {
        const slots = slotsOf(host('a', { devices }, { away }));
        for (const slot of slots) expect((slot.use ?? '') !== '').toBe((slot.idle ?? '') === '');
        const expected = devices.reduce((sum, one) => sum + Math.max(one.slots, one.held.length), 0);
        expect(slots).toHaveLength(expected);
      }),
    );
  });
});

describe('why a host does not take a run', () => {
  const PC1 = { phase: 'precommit1', host: 'a' } as const;
  const C2 = { phase: 'commit2', host: null } as const;

  test.each<[string, Verdict, { phase: 'precommit1' | 'commit2'; host: string | null }, FleetHost]>([
    [
      'it would',
      { worker: 'a', code: 'takes', reason: 'it would take it now' },
      PC1,
      host('a', { takes: ['precommit1'] }),
    ],
    [
      'as it says',
      { worker: 'a', code: 'limit-reached', reason: '2 of 2 run already' },
      PC1,
      host('a', { refusals: [{ phase: 'precommit1', code: 'limit-reached', reason: '2 of 2 run already' }] }),
    ],
    [
      'silent: what it said no longer counts',
      { worker: 'a', code: 'away', reason: 'it has been silent for 90 s' },
      PC1,
      host('a', { takes: ['precommit1'] }, { away: true, heartbeatAgeMs: 90_000 }),
    ],
    [
      'removed',
      { worker: 'a', code: 'not-active', reason: 'the worker is removed' },
      PC1,
      host('a', { takes: ['precommit1'] }, { state: 'removed' }),
    ],
    [
      'nothing said yet',
      { worker: 'a', code: 'no-report', reason: 'it has not said yet what it takes' },
      PC1,
      host('a', undefined),
    ],
    [
      'C2 of its own sectors alone',
      { worker: 'a', code: 'own-only', reason: 'it takes C2 of its own sectors only' },
      C2,
      host('a', { takes: ['commit2'], takesFleet: ['add-piece'] }),
    ],
    [
      'C2 of others too',
      { worker: 'a', code: 'takes', reason: 'it would take it now' },
      C2,
      host('a', { takes: ['commit2'], takesFleet: ['commit2'] }),
    ],
  ])('%s', (_why, expected, run, one) => {
    expect(verdictOf(run, one)).toEqual(expected);
  });

  test('a run of one host has one candidate, even when nobody knows it', () => {
    const hosts = [host('b', { takes: ['precommit1'] })];
    expect(candidatesFor(PC1, hosts, 10)).toEqual({
      hosts: 1,
      counts: [{ code: 'away', hosts: 1 }],
      shown: [{ worker: 'a', code: 'away', reason: 'no worker of this name has registered' }],
    });
  });

  test('a run that is offered has its own host and all others', () => {
    const hosts = [
      host('a', { refusals: [{ phase: 'commit2', code: 'limit-reached', reason: '1 of 1 run already' }] }),
      host('b', { takes: ['commit2'], takesFleet: ['commit2'] }),
      host('c', { takes: ['commit2'], takesFleet: [] }),
    ];
    const { shown } = candidatesFor({ phase: 'commit2', host: 'a', offered: true }, hosts, 10);
    expect(shown.map(({ worker, code }) => [worker, code])).toEqual([
      ['b', 'takes'],
      ['a', 'limit-reached'],
      ['c', 'own-only'],
    ]);
  });

  test('of a large fleet the nearest are shown, and all are counted', () => {
    const refusing = (code: 'no-limit' | 'memory') => ({
      refusals: [{ phase: 'add-piece' as const, code, reason: code }],
    });
    const hosts = [
      ...Array.from({ length: 1_500 }, (_, i) => host(`n-${i}`, refusing('no-limit'))),
      ...Array.from({ length: 499 }, (_, i) => host(`m-${i}`, refusing('memory'))),
      host('z', { takes: ['add-piece'], takesFleet: ['add-piece'] }),
      host('gone', {}, { state: 'removed' }),
    ];
    const { shown, counts, hosts: asked } = candidatesFor({ phase: 'add-piece', host: null }, hosts, 3);
    expect(asked).toBe(2_000);
    expect(shown.map(({ worker }) => worker)).toEqual(['z', 'm-0', 'm-1']);
    expect(counts).toEqual([
      { code: 'takes', hosts: 1 },
      { code: 'memory', hosts: 499 },
      { code: 'no-limit', hosts: 1_500 },
    ]);
  });

  test('every host has its sentence for every phase', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PHASE_NAMES),
        fc.subarray([...PHASE_NAMES]),
        fc.boolean(),
        (phase, takes, away) => {
          const one = host('a', { takes, takesFleet: [] }, { away });
          for (const run of [
            { phase, host: null },
            { phase, host: 'a' },
          ])
            expect(verdictOf(run, one).reason).not.toBe('');
        },
      ),
    );
  });
});

test('a summary by class leaves out what those said that are away', () => {
  const big = { limits: { precommit1: 4 }, running: { precommit1: 2 }, wants: 1 };
  const devices = [device({ slots: 2, held: ['commit2' as const] })];
  const hosts = [
    host('a', { ...big, devices }, { class: 'big' }),
    host('b', big, { class: 'big', state: 'draining' }),
    host('c', big, { class: 'big', away: true }),
    host('d', undefined),
  ];
  expect(summariseClasses(hosts)).toEqual([
    {
      class: 'big',
      hosts: 3,
      active: 1,
      draining: 1,
      away: 1,
      running: { precommit1: 4 },
      limits: { precommit1: 8 },
      sectors: 9,
      slots: 2,
      busySlots: 1,
      wants: 2,
    },
    {
      class: '',
      hosts: 1,
      active: 1,
      draining: 0,
      away: 0,
      running: {},
      limits: {},
      sectors: 3,
      slots: 0,
      busySlots: 0,
      wants: 0,
    },
  ]);
});

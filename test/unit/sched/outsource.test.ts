import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type C2Fleet, type C2Host, type C2Waiting, c2Slots, decideOffers, ownStartMs } from '#sched';

const MINUTE = 60_000;

function host(worker: string, change: Partial<C2Host> = {}): C2Host {
  return {
    worker,
    alive: true,
    outsource: 'overflow',
    acceptsOutside: false,
    takesNow: false,
    slots: 1,
    runningMs: [],
    meanMs: 20 * MINUTE,
    reach: 'network',
    machine: worker,
    ...change,
  };
}

/** It runs one C2 and can run no other. */
const busy = (worker: string, change: Partial<C2Host> = {}) =>
  host(worker, { runningMs: [MINUTE], ...change });
const free = (worker: string, change: Partial<C2Host> = {}) =>
  host(worker, { takesNow: true, acceptsOutside: true, ...change });

function waits(runId: number, of = 'a', change: Partial<C2Waiting> = {}): C2Waiting {
  return { runId, host: of, offered: false, shared: false, ...change };
}

function decide(hosts: C2Host[], waiting: C2Waiting[]) {
  return decideOffers({ hosts, waiting, transferMs: 5_000 });
}

test.each<[string, C2Host[], C2Waiting[], boolean[], RegExp]>([
  [
    'the own host has a free slot',
    [host('a', { takesNow: true }), free('b')],
    [waits(1)],
    [false],
    /at once/,
  ],
  ['the own host is busy, another is free', [busy('a'), free('b')], [waits(1)], [true], /another host now/],
  [
    'both are busy',
    [busy('a'), busy('b', { acceptsOutside: true })],
    [waits(1)],
    [false],
    /no other host has/,
  ],
  [
    'the free one does not accept',
    [busy('a'), free('b', { acceptsOutside: false })],
    [waits(1)],
    [false],
    /no other/,
  ],
  ['the free one is silent', [busy('a'), free('b', { alive: false })], [waits(1)], [false], /no other host/],
  [
    'the own host is about to be free',
    [busy('a', { runningMs: [20 * MINUTE - 3_000] }), free('b')],
    [waits(1)],
    [false],
    /at once/,
  ],
  [
    'how long its C2 takes is not known',
    [busy('a', { meanMs: undefined }), free('b')],
    [waits(1)],
    [true],
    /later/,
  ],
  ['one free slot for two', [busy('a'), free('b')], [waits(1), waits(2)], [true, false], /now|no other/],
  ['two free slots for two', [busy('a'), free('b', { slots: 2 })], [waits(1), waits(2)], [true, true], /now/],
  [
    'one stays, the second overflows',
    [host('a', { takesNow: true }), free('b')],
    [waits(1), waits(2)],
    [false, true],
    /at once|another host now/,
  ],
  [
    'a slot is promised to what is offered already',
    [busy('a'), free('b')],
    [waits(1, 'a', { offered: true }), waits(2)],
    [true, false],
    /offered already|no other host/,
  ],
  ['the own host runs no C2, nobody is free', [host('a', { slots: 0 })], [waits(1)], [true], /runs no C2/],
  ['always', [host('a', { takesNow: true, outsource: 'always' })], [waits(1)], [true], /always/],
  ['off', [busy('a', { outsource: 'off' }), free('b')], [waits(1)], [false], /is off/],
  [
    'off, and offered before',
    [busy('a', { outsource: 'off' })],
    [waits(1, 'a', { offered: true })],
    [false],
    /off/,
  ],
  [
    'off, and runs no C2',
    [host('a', { slots: 0, outsource: 'off' }), free('b')],
    [waits(1)],
    [false],
    /is off/,
  ],
  [
    'the own host is silent',
    [host('a', { alive: false }), free('b')],
    [waits(1)],
    [false],
    /lies on its own host/,
  ],
  [
    'the own host is silent, C1 is shared',
    [host('a', { alive: false }), free('b')],
    [waits(1, 'a', { shared: true })],
    [true],
    /silent/,
  ],
  ['the own host is unknown', [free('b')], [waits(1)], [false], /silent/],
  [
    'it serves its own machine alone, the other is elsewhere',
    [busy('a', { reach: 'machine' }), free('b')],
    [waits(1)],
    [false],
    /b is on another \(BEEPRO_WORKER_LISTEN, or c2.share_dir\)/,
  ],
  [
    'it serves its own machine, where the other is',
    [busy('a', { reach: 'machine', machine: 'm' }), free('b', { machine: 'm' })],
    [waits(1)],
    [true],
    /another host now/,
  ],
  ['it serves nobody', [busy('a', { reach: 'none' }), free('b')], [waits(1)], [false], /to nobody/],
  [
    'it serves nobody, C1 is shared',
    [busy('a', { reach: 'none' }), free('b')],
    [waits(1, 'a', { shared: true })],
    [true],
    /another host now/,
  ],
  [
    'an offer that cannot be fetched any more is taken back',
    [busy('a', { reach: 'machine' }), free('b')],
    [waits(1, 'a', { offered: true })],
    [false],
    /another/,
  ],
  [
    'its own free slot is no foreign one',
    [busy('a', { acceptsOutside: true, takesNow: false })],
    [waits(1)],
    [false],
    /no other/,
  ],
])('%s', (_what, hosts, waiting, offers, reason) => {
  const decisions = decide(hosts, waiting);
  expect(decisions.map((one) => one.offer)).toEqual(offers);
  for (const one of decisions) expect(one.reason).toMatch(reason);
});

describe('when the own host would start it', () => {
  it.each([
    ['nothing runs', host('a', { takesNow: true }), 0, 0],
    ['one runs, one slot', busy('a'), 0, 19 * MINUTE],
    ['one runs and one waits before', busy('a'), 1, 39 * MINUTE],
    ['two slots, both busy', busy('a', { slots: 2, runningMs: [MINUTE, 15 * MINUTE] }), 0, 5 * MINUTE],
    ['and one before it', busy('a', { slots: 2, runningMs: [MINUTE, 15 * MINUTE] }), 1, 19 * MINUTE],
    ['what runs takes longer than ever', busy('a', { runningMs: [60 * MINUTE] }), 0, 0],
    ['a free slot, but refused for memory', host('a'), 0, 20 * MINUTE],
    ['no slots', host('a', { slots: 0 }), 0, Number.POSITIVE_INFINITY],
    ['nothing known', busy('a', { meanMs: undefined }), 0, Number.POSITIVE_INFINITY],
  ])('%s', (_what, own, position, expected) => {
    expect(ownStartMs(own, position)).toBe(expected);
  });
});

it('slots are bounded by the limit and by the devices that are in service', () => {
  const device = { id: 'gpu', slots: 2, held: [], reservedForPost: 0 };
  expect(c2Slots({ limit: 3, devices: [] })).toBe(3);
  expect(c2Slots({ limit: 3, devices: [device] })).toBe(2);
  expect(c2Slots({ limit: 1, devices: [device] })).toBe(1);
  expect(c2Slots({ limit: 9, devices: [device, { ...device, reservedForPost: 1 }] })).toBe(3);
  expect(c2Slots({ limit: 9, devices: [{ ...device, outOfService: 'lost' }] })).toBe(0);
});

const someHost = (worker: string) =>
  fc
    .record({
      alive: fc.boolean(),
      outsource: fc.constantFrom('off', 'overflow', 'always'),
      acceptsOutside: fc.boolean(),
      takesNow: fc.boolean(),
      slots: fc.integer({ min: 0, max: 3 }),
      runningMs: fc.array(fc.integer({ min: 0, max: 30 * MINUTE }), { maxLength: 3 }),
      meanMs: fc.option(fc.integer({ min: 1, max: 30 * MINUTE }), { nil: undefined }),
      reach: fc.constantFrom('network', 'machine', 'none'),
      machine: fc.constantFrom('m', 'n'),
    })
    .map((change) => host(worker, change as Partial<C2Host>));

const someFleet: fc.Arbitrary<C2Fleet> = fc
  .tuple(
    fc.tuple(someHost('a'), someHost('b'), someHost('c')),
    fc.array(
      fc.record({ host: fc.constantFrom('a', 'b', 'c'), offered: fc.boolean(), shared: fc.boolean() }),
      {
        maxLength: 8,
      },
    ),
  )
  .map(([hosts, runs]) => ({
    hosts,
    waiting: runs.map((run, index) => ({ runId: index + 1, ...run })),
    transferMs: 5_000,
  }));

describe('whatever the fleet', () => {
  it('no more overflows than others can start at once, and never against the operator’s word', () => {
    fc.assert(
      fc.property(someFleet, (fleet) => {
        const decisions = decideOffers(fleet);
        const hosts = new Map(fleet.hosts.map((one) => [one.worker, one]));
        const most = fleet.hosts
          .filter((one) => one.alive && one.acceptsOutside && one.takesNow)
          .reduce((sum, one) => sum + Math.max(1, one.slots - one.runningMs.length), 0);
        let overflow = 0;
        for (const [index, { offer, runId }] of decisions.entries()) {
          const run = fleet.waiting[index];
          expect(run?.runId).toBe(runId);
          const own = hosts.get(run?.host ?? '');
          if (!offer) continue;
          expect(own?.outsource).not.toBe('off');
          const can = own?.alive && own.outsource === 'overflow' && own.slots > 0;
          if (can && !run?.offered) overflow += 1;
        }
        expect(overflow).toBeLessThanOrEqual(most);
      }),
      { numRuns: 500 },
    );
  });

  it('what was decided is decided again when it is done: an offer does not flap', () => {
    fc.assert(
      fc.property(someFleet, (fleet) => {
        const first = decideOffers(fleet);
        const after = fleet.waiting.map((run, index) => ({ ...run, offered: first[index]?.offer ?? false }));
        const second = decideOffers({ ...fleet, waiting: after });
        for (const [index, one] of first.entries()) if (one.offer) expect(second[index]?.offer).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

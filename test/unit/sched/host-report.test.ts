import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PHASE_NAMES } from '#core';
import { chooseNext, type HostReport, type HostView, hostReport, readHostReport } from '#sched';

const GiB = 2 ** 30;
const SECTOR = 500 * GiB;

function view(changes: Partial<HostView> = {}): HostView {
  return {
    worker: 'host-a',
    state: 'active',
    limits: { 'add-piece': 4, precommit1: 4 },
    running: {},
    maxSectors: 0,
    sectors: 0,
    paused: new Set(),
    acceptsOutsideC2: false,
    devices: [],
    ...changes,
  };
}

function scratch(sectorsOfRoom: number, taken = 0): NonNullable<HostView['scratch']> {
  return {
    capacity: sectorsOfRoom * SECTOR,
    free: sectorsOfRoom * SECTOR - taken,
    keepFree: 0,
    reserved: 0,
    growth: 0,
    newSector: SECTOR,
    writes: {},
  };
}

function memory(available: number, need: number): NonNullable<HostView['memory']> {
  return { total: 64 * GiB, available, keepFree: 0, runs: [], needs: { 'add-piece': need } };
}

describe('how many sectors a host would begin', () => {
  test.each<[string, Partial<HostView>, number]>([
    ['its limit for AddPiece', {}, 4],
    ['less what runs already', { running: { 'add-piece': 3 } }, 1],
    ['none beyond the limit', { running: { 'add-piece': 5 } }, 0],
    ['what MaxSectors leaves', { maxSectors: 10, sectors: 8 }, 2],
    ['none when it is full', { maxSectors: 10, sectors: 12 }, 0],
    ['what fits on the disk', { scratch: scratch(2.5) }, 2],
    ['what fits beside what others wrote there', { scratch: scratch(3, SECTOR) }, 2],
    ['what fits into memory', { memory: memory(10 * GiB, 4 * GiB) }, 2],
    ['any number where AddPiece takes no memory to speak of', { memory: memory(GiB, 0) }, 4],
    ['none while it drains', { state: 'draining' }, 0],
    ['none while AddPiece is paused', { paused: new Set(['add-piece']) }, 0],
  ])('%s', (_why, changes, wants) => {
    expect(hostReport(view(changes)).wants).toBe(wants);
  });
});

const anyView = fc
  .record({
    limit: fc.nat(6),
    running: fc.nat(4),
    maxSectors: fc.nat(12),
    sectors: fc.nat(12),
    room: fc.option(fc.double({ min: 0, max: 8, noNaN: true }), { nil: undefined }),
    taken: fc.double({ min: 0, max: 4, noNaN: true }),
    need: fc.nat(8),
    available: fc.option(fc.nat(64), { nil: undefined }),
    state: fc.constantFrom('active' as const, 'draining' as const, 'removed' as const),
  })
  .map((given) =>
    view({
      limits: { 'add-piece': given.limit, precommit1: 2 },
      running: { 'add-piece': given.running },
      maxSectors: given.maxSectors,
      sectors: given.sectors,
      state: given.state,
      ...(given.room === undefined ? {} : { scratch: scratch(given.room, given.taken * SECTOR) }),
      ...(given.available === undefined ? {} : { memory: memory(given.available * GiB, given.need * GiB) }),
    }),
  );

describe('laws of what is wanted', () => {
  test('something is wanted exactly when AddPiece would be taken', () => {
    fc.assert(
      fc.property(anyView, (host) => {
        const takes = chooseNext(host).candidates.some(({ phase }) => phase === 'add-piece');
        expect(hostReport(host).wants > 0).toBe(takes);
      }),
    );
  });

  test('what is wanted fits beside all that is there, by every measure at once', () => {
    fc.assert(
      fc.property(anyView, (host) => {
        const { wants } = hostReport(host);
        if (wants === 0) return;
        expect((host.running['add-piece'] ?? 0) + wants).toBeLessThanOrEqual(host.limits['add-piece'] ?? 0);
        if (host.maxSectors > 0) expect(host.sectors + wants).toBeLessThanOrEqual(host.maxSectors);
        if (host.scratch) expect(wants * SECTOR).toBeLessThanOrEqual(host.scratch.free);
        if (host.memory)
          expect(wants * (host.memory.needs['add-piece'] ?? 0)).toBeLessThanOrEqual(host.memory.available);
      }),
    );
  });

  test('more room never makes it want less', () => {
    fc.assert(
      fc.property(anyView, (host) => {
        const more = { ...host, maxSectors: host.maxSectors === 0 ? 0 : host.maxSectors + 1 };
        expect(hostReport(more).wants).toBeGreaterThanOrEqual(hostReport(host).wants);
      }),
    );
  });
});

describe('a report that was written is read again', () => {
  const full = hostReport(
    view({
      devices: [
        { id: 'cpu:0', slots: 2, held: ['precommit2', 'window-post'], reservedForPost: 1 },
        { id: 'cpu:1', slots: 1, held: [], reservedForPost: 0, outOfService: 'it hung' },
      ],
      memory: memory(8 * GiB, GiB),
      scratch: scratch(3),
    }),
  );
  const written = (report: HostReport): Record<string, unknown> => JSON.parse(JSON.stringify(report));

  test('whole', () => {
    expect(readHostReport(written(full))).toEqual(full);
  });

  test('of an older agent, without what it did not know', () => {
    const { takesFleet: _takesFleet, memory: _memory, ...older } = written(full);
    expect(readHostReport(older)).toMatchObject({ wants: full.wants, refusals: full.refusals });
  });

  test('of a newer agent, with phases and fields that this version does not know', () => {
    const newer = {
      ...written(full),
      more: true,
      limits: { ...full.limits, 'snap-encode': 3 },
      takes: [...full.takes, 'snap-encode'],
      refusals: [...full.refusals, { phase: 'snap-encode', code: 'new', reason: 'because' }],
    };
    expect(readHostReport(newer)).toEqual(full);
  });

  test.each([
    null,
    undefined,
    'text',
    {},
    { ...written(full), wants: -1 },
    { ...written(full), devices: 'none' },
  ])('what is none is none: %j', (value) => {
    expect(readHostReport(value)).toBeUndefined();
  });

  test('every phase is in it, taken or refused', () => {
    const told = new Set([...full.takes, ...full.refusals.map(({ phase }) => phase)]);
    expect([...told].toSorted()).toEqual(PHASE_NAMES.toSorted());
  });
});

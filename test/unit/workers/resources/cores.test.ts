import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatCoreSet } from '#core';
import { bindUnit, type CoreUnit, type CpuTopology, chooseUnit, coreUnits, libraryUnit } from '#sched';
import { createTestFolder, type TestFolder } from '#testing';
import { readCpuTopology } from '../../../../workers/resources/index.ts';
import {
  EPYC_7542,
  EPYC_7542_NPS4,
  type Machine,
  QEMU,
  THREADRIPPER_3960X,
  writeMachine,
  XEON_PAIR,
} from './machines.ts';

let folder: TestFolder;
beforeAll(async () => {
  folder = await createTestFolder();
});
afterAll(() => folder.remove());

let machines = 0;
async function read(machine: Machine, allowed?: string): Promise<CpuTopology> {
  machines += 1;
  const root = join(folder.path, `machine-${machines}`);
  await writeMachine(root, machine, allowed);
  return readCpuTopology({ system: root, status: join(root, 'status') });
}

const lists = (units: readonly CoreUnit[]) =>
  units.map((unit) => formatCoreSet(unit.cores.flatMap((core) => core.cpus.slice(0, 1))));

/** Starts so many runs one after another. */
function start(topology: CpuTopology, limit: number, runs: number): CoreUnit[] {
  const units = coreUnits(topology, limit);
  const begun: CoreUnit[] = [];
  for (let run = 0; run < runs; run++) {
    const unit = chooseUnit(
      units,
      begun.map((one) => one.cores.flatMap((core) => core.cpus)),
    );
    if (unit) begun.push(unit);
  }
  return begun;
}

describe('what the kernel says of a machine', () => {
  test('EPYC 7542: 32 cores, 8 L3 caches, a sibling 32 further each', async () => {
    const topology = await read(EPYC_7542);
    expect(topology).toMatchObject({ machineCores: 32, machineGroups: 8 });
    expect(topology.cores[5]).toEqual({ index: 5, cpus: [5, 37], l3: 1, node: 0 });
    expect(topology.cores).toHaveLength(32);
  });

  test('3960X: 24 cores, 8 L3 caches of 3 cores', async () => {
    const topology = await read(THREADRIPPER_3960X);
    expect(topology).toMatchObject({ machineCores: 24, machineGroups: 8 });
    expect(topology.cores[23]).toEqual({ index: 23, cpus: [23, 47], l3: 7, node: 0 });
  });

  test('cores are counted by package, then cache, whatever their CPUs are numbered', async () => {
    const topology = await read(XEON_PAIR);
    expect(topology.cores[1]).toEqual({ index: 1, cpus: [2, 42], l3: 0, node: 0 });
    expect(topology.cores[20]).toEqual({ index: 20, cpus: [1, 41], l3: 1, node: 1 });
  });

  test('only CPUs that this process may use count', async () => {
    const topology = await read(EPYC_7542, '0-3,8-11,40');
    expect(topology).toMatchObject({ machineCores: 32, machineGroups: 8 });
    expect(topology.cores.map((core) => core.cpus)).toEqual([[0], [1], [2], [3], [8, 40], [9], [10], [11]]);
  });

  test('this machine', () => {
    const { cores, machineCores } = readCpuTopology();
    expect(cores.length).toBeGreaterThan(0);
    expect(cores.length).toBeLessThanOrEqual(machineCores);
    expect(coreUnits(readCpuTopology(), 1).length).toBeGreaterThan(0);
  });

  test('a kernel that says nothing', () => {
    const topology = readCpuTopology({ system: '/nowhere', status: '/nowhere' });
    expect(topology.cores).toEqual([]);
    expect(chooseUnit(coreUnits(topology, 4), [])).toBeUndefined();
  });
});

describe('units of cores for PC1', () => {
  test.each<[string, Machine, number, string[]]>([
    [
      'whole L3 groups while there are enough',
      EPYC_7542,
      8,
      ['0-3', '4-7', '8-11', '12-15', '16-19', '20-23', '24-27', '28-31'],
    ],
    [
      'few runs choose among all groups',
      THREADRIPPER_3960X,
      2,
      ['0-2', '3-5', '6-8', '9-11', '12-14', '15-17', '18-20', '21-23'],
    ],
    [
      'halves of groups for 12 runs',
      EPYC_7542,
      12,
      Array.from({ length: 16 }, (_, at) => `${2 * at}-${2 * at + 1}`),
    ],
    [
      'never less than two cores',
      THREADRIPPER_3960X,
      20,
      ['0-2', '3-5', '6-8', '9-11', '12-14', '15-17', '18-20', '21-23'],
    ],
    [
      'one large group in even parts',
      { cores: 20, coresPerL3: 20, threads: 2 },
      4,
      ['0-4', '5-9', '10-14', '15-19'],
    ],
    ['two cores', { cores: 2, coresPerL3: 2, threads: 1 }, 2, ['0-1']],
    ['one core', { cores: 1, coresPerL3: 1, threads: 1 }, 1, ['0']],
  ])('%s', async (_name, machine, limit, expected) => {
    expect(lists(coreUnits(await read(machine), limit))).toEqual(expected);
  });

  test('runs are spread over L3 caches first, and over NUMA nodes', async () => {
    const begun = start(await read(EPYC_7542_NPS4), 12, 12);
    expect(begun.slice(0, 4).map((unit) => unit.node)).toEqual([0, 1, 2, 3]);
    expect(new Set(begun.slice(0, 8).map((unit) => unit.l3)).size).toBe(8);
    expect(new Set(begun).size).toBe(12);
  });

  test('a unit that becomes free is taken next', async () => {
    const units = coreUnits(await read(EPYC_7542), 8);
    const held = units.filter((_unit, at) => at !== 5).map((unit) => unit.cores.flatMap((core) => core.cpus));
    expect(chooseUnit(units, held)).toBe(units[5]);
  });

  test('under a new limit, runs of the old one still count by their cores', async () => {
    const topology = await read(EPYC_7542);
    const before = start(topology, 8, 7).map((unit) => unit.cores.flatMap((core) => core.cpus));
    const next = chooseUnit(coreUnits(topology, 16), before);
    expect(next?.l3).toBe(7);
  });

  test('with more runs than units they share, evenly', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 40 }),
        (groups, perGroup, runs) => {
          const cores = Array.from({ length: groups * perGroup }, (_, index) => ({
            index,
            cpus: [index],
            l3: Math.floor(index / perGroup),
            node: 0,
          }));
          const topology = { cores, machineCores: cores.length, machineGroups: groups };
          const begun = start(topology, runs, runs);
          expect(begun).toHaveLength(runs);
          const uses = [...Map.groupBy(begun, (unit) => unit).values()].map((some) => some.length);
          const units = coreUnits(topology, runs).length;
          expect(Math.max(...uses)).toBe(Math.ceil(runs / units));
        },
      ),
    );
  });
});

describe('the mask of a sealer', () => {
  test.each<[string, Machine, number, { cpus: string; producers: number; bound: string }]>([
    ['a whole group with its siblings', EPYC_7542, 8, { cpus: '4-7,36-39', producers: 3, bound: 'own' }],
    ['half a group', EPYC_7542, 12, { cpus: '2-3,34-35', producers: 1, bound: 'own' }],
    ['three cores', THREADRIPPER_3960X, 8, { cpus: '3-5,27-29', producers: 2, bound: 'own' }],
    [
      'neighbouring siblings: the library is kept from binding, for it would bind elsewhere',
      QEMU,
      4,
      { cpus: '8-15', producers: 4, bound: 'free' },
    ],
    [
      'alternating sockets: it binds where it counts',
      XEON_PAIR,
      8,
      { cpus: '10,12,14,16,18,50,52,54,56,58', producers: 3, bound: 'elsewhere' },
    ],
  ])('%s', async (_name, machine, limit, expected) => {
    const topology = await read(machine);
    const unit = coreUnits(topology, limit)[1];
    if (!unit) throw new Error('no second unit');
    const { cpus, ...rest } = bindUnit(topology, unit);
    expect({ cpus: formatCoreSet(cpus), ...rest }).toEqual(expected);
  });

  test('one core: no second thread that would only wait', async () => {
    const topology = await read({ cores: 1, coresPerL3: 1, threads: 1 });
    const [unit] = coreUnits(topology, 1);
    expect(unit && bindUnit(topology, unit)).toEqual({ cpus: [0], producers: 0, bound: 'free' });
  });

  test('on machines whose first threads are numbered first no two runs are bound to one core', async () => {
    for (const machine of [EPYC_7542, EPYC_7542_NPS4, THREADRIPPER_3960X]) {
      const topology = await read(machine);
      for (const limit of [1, 3, 8, 11, 12, 16]) {
        const bound = coreUnits(topology, limit).flatMap((unit) => {
          const { cpus, producers } = bindUnit(topology, unit);
          return libraryUnit(topology, cpus, producers);
        });
        expect(new Set(bound).size).toBe(bound.length);
      }
    }
  });

  /** The library's own table (`test_create_core_units` of cores.rs), for a mask that allows everything. */
  test('the library takes its first unit', () => {
    const machine = { cores: [], machineCores: 32, machineGroups: 2 };
    const all = Array.from({ length: 32 }, (_, cpu) => cpu);
    expect(libraryUnit(machine, all, 3)).toEqual([0, 1, 2, 3]);
    expect(libraryUnit(machine, all.slice(16), 3)).toEqual([16, 17, 18, 19]);
    expect(libraryUnit(machine, [1], 3)).toEqual([1]);
    expect(libraryUnit({ ...machine, machineGroups: 16 }, all, 3)).toEqual([]);
  });
});

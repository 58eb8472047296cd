import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sealProof } from '#core';
import { takenMemory } from '#sealer';
import { createTestFolder, type TestFolder } from '#testing';
import {
  type MemoryFacts,
  memoryView,
  parseMeminfo,
  readHostMemory,
  withinGroup,
} from '../../../../workers/resources/index.ts';

const GiB = 2 ** 30;
const MEMINFO = `MemTotal:       1056341248 kB
MemFree:        102400000 kB
MemAvailable:   838860800 kB
SwapTotal:      536870912 kB
SwapFree:       536870912 kB
`;

let folder: TestFolder;
beforeAll(async () => {
  folder = await createTestFolder();
});
afterAll(() => folder.remove());

describe('physical memory', () => {
  test('total and available of /proc/meminfo, and no swap', () => {
    expect(parseMeminfo(MEMINFO)).toEqual({ total: 1_056_341_248 * 1024, available: 800 * GiB });
    expect(() => parseMeminfo('MemTotal: 5 kB')).toThrow('MemAvailable');
  });

  test('this machine', () => {
    const { total, available } = readHostMemory();
    expect(total).toBeGreaterThan(available);
    expect(takenMemory(process.pid)).toBeGreaterThan(2 ** 20);
    expect(takenMemory(2 ** 30)).toBe(0);
  });

  test.each([
    ['a limit that leaves less', 64 * GiB, 50 * GiB, { total: 64 * GiB, available: 24 * GiB }],
    ['a limit above the machine', 256 * GiB, 50 * GiB, { total: 128 * GiB, available: 100 * GiB }],
    ['a group that is full', 40 * GiB, 50 * GiB, { total: 40 * GiB, available: 0 }],
  ])('control group: %s', (_name, max, current, expected) => {
    const machine = { total: 128 * GiB, available: 100 * GiB };
    expect(withinGroup(machine, { max, current, fileCache: 10 * GiB })).toEqual(expected);
  });

  test('the group of this process and those around it', async () => {
    const [proc, cgroups] = [join(folder.path, 'proc'), join(folder.path, 'cgroup')];
    await mkdir(join(proc, 'self'), { recursive: true });
    await mkdir(join(cgroups, 'machine/worker'), { recursive: true });
    await writeFile(join(proc, 'meminfo'), MEMINFO);
    await writeFile(join(proc, 'self/cgroup'), '0::/machine/worker\n');
    for (const [group, max] of [
      ['machine', String(512 * GiB)],
      ['machine/worker', 'max'],
    ] as const) {
      await writeFile(join(cgroups, group, 'memory.max'), `${max}\n`);
      await writeFile(join(cgroups, group, 'memory.current'), `${112 * GiB}\n`);
      await writeFile(
        join(cgroups, group, 'memory.stat'),
        `anon 5\ninactive_file ${12 * GiB}\nactive_file 0\n`,
      );
    }
    expect(readHostMemory({ proc, cgroups })).toEqual({ total: 512 * GiB, available: 412 * GiB });
    await writeFile(join(proc, 'self/cgroup'), '4:memory:/old\n0::/\n');
    expect(readHostMemory({ proc, cgroups }).total).toBe(1_056_341_248 * 1024);
  });
});

describe('what runs need', () => {
  const proof = sealProof('32GiB', 'interactive');
  const facts: MemoryFacts = {
    host: { total: 256 * GiB, available: 200 * GiB },
    keepFree: 4 * GiB,
    runs: [],
    sectors: { held: [], offered: [sealProof('64GiB', 'interactive')] },
    override: () => ({}),
    acceptsOutsideC2: false,
    reusable: {},
  };
  const here = { miner: 1000, number: 1, state: 'PreCommit1', proof, kind: 'cc' } as const;

  test('the host’s queues bring what lies here, the fleet’s what any miner seals', () => {
    const { needs } = memoryView({ ...facts, sectors: { ...facts.sectors, held: [here] } });
    expect(needs).toMatchObject({ precommit1: 64 * GiB, commit2: 150 * GiB, 'add-piece': 8 * GiB });
    expect(needs.landing).toBeUndefined();
  });

  test('nothing lies here: nothing is needed for it', () => {
    expect(memoryView(facts).needs.precommit1).toBeUndefined();
  });

  test('C2 of others’ sectors may be of any size', () => {
    expect(memoryView({ ...facts, acceptsOutsideC2: true }).needs.commit2).toBe(190 * GiB);
  });

  test('a run counts by its own sector once that is known, by the largest before', () => {
    const run = { phase: 'precommit1', used: 3 * GiB } as const;
    const view = memoryView({
      ...facts,
      sectors: { ...facts.sectors, held: [here] },
      runs: [
        { ...run, size: '32GiB' },
        { ...run, size: '2KiB' },
        { ...run, size: undefined },
        { phase: 'add-piece', size: undefined, used: 0 },
      ],
    });
    expect(view.runs.map(({ need }) => need / GiB)).toEqual([64, 1 / 16, 64, 8]);
  });

  test('what the operator says of a size counts for that size alone', () => {
    const override = () => ({ '32GiB': 56 * GiB });
    const held = [here, { ...here, number: 2, proof: sealProof('2KiB', 'interactive') }];
    const view = memoryView({ ...facts, override, sectors: { held, offered: [] } });
    expect(view.needs.precommit1).toBe(56 * GiB);
    const small = memoryView({ ...facts, override, sectors: { held: held.slice(1), offered: [] } });
    expect(small.needs.precommit1).toBe(64 * 2 ** 20);
  });
});

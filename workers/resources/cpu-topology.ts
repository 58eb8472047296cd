import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseCoreSet } from '#core';
import type { Core, CpuTopology } from '#sched';

/** What the kernel says of one logical CPU. */
export interface CpuFacts {
  readonly cpu: number;
  readonly package: number;
  /** Logical CPUs of the same core, itself included. */
  readonly siblings: readonly number[];
  /** Logical CPUs that share its L3 cache; empty: it has none, or says nothing. */
  readonly sharesL3: readonly number[];
}

/**
 * The cores that this process may use, in L3 groups and NUMA nodes.
 * @param allowed logical CPUs of its affinity mask
 * @param nodes logical CPUs of each NUMA node; empty: there is one
 */
export function cpuTopology(
  facts: readonly CpuFacts[],
  nodes: readonly (readonly number[])[],
  allowed: ReadonlySet<number>,
): CpuTopology {
  const groupOf = ({ sharesL3, package: socket }: CpuFacts) =>
    sharesL3.length > 0 ? `l3 ${Math.min(...sharesL3)}` : `package ${socket}`;
  const groups = new Map<string, number>();
  const least = (belongs: (one: CpuFacts) => boolean) =>
    Math.min(...facts.filter(belongs).map((one) => one.cpu));
  const order = new Map(
    facts.map((one) => [
      one.cpu,
      [
        least((other) => other.package === one.package),
        least((other) => groupOf(other) === groupOf(one)),
        one.cpu,
      ] as const,
    ]),
  );
  const byPlace = (a: CpuFacts, b: CpuFacts) => {
    const [left, right] = [order.get(a.cpu) ?? [0, 0, 0], order.get(b.cpu) ?? [0, 0, 0]];
    return left[0] - right[0] || left[1] - right[1] || left[2] - right[2];
  };
  // The first thread of each core stands for it.
  const firsts = facts.filter((one) => one.siblings.every((cpu) => cpu >= one.cpu)).toSorted(byPlace);
  const cores = firsts.map((first, index): Core => {
    const name = groupOf(first);
    if (!groups.has(name)) groups.set(name, groups.size);
    return {
      index,
      cpus: [first.cpu, ...first.siblings.filter((cpu) => cpu !== first.cpu)].filter((cpu) =>
        allowed.has(cpu),
      ),
      l3: groups.get(name) ?? 0,
      node: Math.max(
        0,
        nodes.findIndex((cpus) => cpus.includes(first.cpu)),
      ),
    };
  });
  return {
    cores: cores.filter((core) => core.cpus.length > 0),
    machineCores: cores.length,
    machineGroups: Math.max(1, groups.size),
  };
}

/** `/sys/devices/system` and `/proc/self/status`; tests give files of their own. */
export interface TopologyPlaces {
  readonly system: string;
  readonly status: string;
}

const SYSTEM: TopologyPlaces = { system: '/sys/devices/system', status: '/proc/self/status' };

/** Reads the machine. Where the kernel says nothing of caches, a package is a group; of nodes, there is one. */
export function readCpuTopology({ system, status }: TopologyPlaces = SYSTEM): CpuTopology {
  const online = cpuList(readText(join(system, 'cpu/online')));
  const facts = online.map((cpu): CpuFacts => {
    const folder = join(system, 'cpu', `cpu${cpu}`);
    const siblings = cpuList(readText(join(folder, 'topology/thread_siblings_list')));
    return {
      cpu,
      package: Number(readText(join(folder, 'topology/physical_package_id')) || 0),
      siblings: siblings.length > 0 ? siblings : [cpu],
      sharesL3: cpuList(readText(join(folder, 'cache/index3/shared_cpu_list'))),
    };
  });
  const mask = cpuList(/^Cpus_allowed_list:\s*(.*)$/m.exec(readText(status))?.[1] ?? '');
  return cpuTopology(facts, readNodes(join(system, 'node')), new Set(mask.length > 0 ? mask : online));
}

function readNodes(folder: string): (readonly number[])[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return []; // a kernel without NUMA
  }
  const numbers = names.flatMap((name) => /^node(\d+)$/.exec(name)?.[1] ?? []).map(Number);
  return numbers
    .toSorted((a, b) => a - b)
    .map((node) => cpuList(readText(join(folder, `node${node}/cpulist`))));
}

/** What is no list is an empty one. */
function cpuList(text: string): readonly number[] {
  return parseCoreSet(text) ?? [];
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return ''; // this kernel does not say
  }
}

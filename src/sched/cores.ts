/**
 * Which cores a PC1 gets. Multicore SDR is fast while one producer or more feed a main thread through one L3 cache, so a
 * run gets whole L3 groups where the limit allows it and an even part of one otherwise. It is a choice, never a
 * refusal: with more runs than parts, runs share.
 */

/** A physical core. */
export interface Core {
  /** Its place among all cores of the machine, in the order of packages, caches and numbers (hwloc's logical index). */
  readonly index: number;
  /** Its logical CPUs by the kernel's numbers, the first thread first; only those this process may use. */
  readonly cpus: readonly number[];
  /** Which L3 cache and which NUMA node it belongs to. */
  readonly l3: number;
  readonly node: number;
}

export interface CpuTopology {
  /** Every core this process may use. */
  readonly cores: readonly Core[];
  /** Cores of the whole machine, also those this process may not use. */
  readonly machineCores: number;
  /** L3 caches of the whole machine. */
  readonly machineGroups: number;
}

/** Cores for one run at a time. */
export interface CoreUnit {
  readonly cores: readonly Core[];
  readonly l3: number;
  readonly node: number;
}

/** The least that multicore SDR works with: a main thread and one producer. */
const LEAST_CORES = 2;
/** More producers bring nothing: the library's own default is 3 (`MULTICORE_SDR_PRODUCERS`). */
const MOST_PRODUCERS = 3;

/**
 * The machine's cores cut into units for so many runs at a time: whole L3 groups while there are enough of them, else
 * each group in as many equal parts as the limit needs, of at least two cores.
 */
export function coreUnits(topology: CpuTopology, limit: number): CoreUnit[] {
  const groups = [...Map.groupBy(topology.cores, (core) => core.l3).values()];
  const parts = Math.max(1, Math.ceil(limit / Math.max(1, groups.length)));
  return groups.flatMap((group) => {
    const count = Math.max(1, Math.min(parts, Math.floor(group.length / LEAST_CORES)));
    return split(
      group.toSorted((a, b) => a.index - b.index),
      count,
    ).map((cores) => ({ cores, l3: group[0]?.l3 ?? 0, node: group[0]?.node ?? 0 }));
  });
}

/** Contiguous parts whose sizes differ by one at most. */
function split(cores: readonly Core[], count: number): Core[][] {
  return Array.from({ length: count }, (_, part) =>
    cores.slice(Math.floor((part * cores.length) / count), Math.floor(((part + 1) * cores.length) / count)),
  );
}

/**
 * The unit for one more run: the least used, then the one whose L3 cache, then whose NUMA node is least used, then the
 * first. Runs that were begun under another limit count by the cores they share with a unit.
 * @param held logical CPUs of each run that has cores now
 */
export function chooseUnit(
  units: readonly CoreUnit[],
  held: readonly (readonly number[])[],
): CoreUnit | undefined {
  const owner = new Map<number, Core>();
  for (const unit of units) for (const core of unit.cores) for (const cpu of core.cpus) owner.set(cpu, core);
  const uses = new Map<Core, number>();
  for (const cpus of held) {
    const cores = new Set(cpus.flatMap((cpu) => owner.get(cpu) ?? []));
    for (const core of cores) uses.set(core, (uses.get(core) ?? 0) + 1);
  }
  const load = (cores: readonly Core[]) =>
    cores.reduce((sum, core) => sum + (uses.get(core) ?? 0), 0) / Math.max(1, cores.length);
  const all = units.flatMap((unit) => unit.cores);
  const ranked = units.map((unit) => ({
    unit,
    loads: [
      load(unit.cores),
      load(all.filter((core) => core.l3 === unit.l3)),
      load(all.filter((core) => core.node === unit.node)),
    ],
  }));
  return ranked.toSorted((a, b) => compare(a.loads, b.loads))[0]?.unit;
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [at, load] of a.entries()) {
    const difference = load - (b[at] ?? 0);
    if (Math.abs(difference) > 1e-9) return difference;
  }
  return 0;
}

/** How a sealer for PC1 is started on a unit. */
export interface CoreBinding {
  /** Its affinity mask, as logical CPUs. */
  readonly cpus: readonly number[];
  /** Threads beside the one that computes; 0: single-core SDR, where two threads would only wait for each other. */
  readonly producers: number;
  /**
   * Where the library binds its threads: to the unit's own cores, not at all (the mask alone holds them), or, where the
   * kernel's numbers leave no better way, to cores of other units.
   */
  readonly bound: 'own' | 'free' | 'elsewhere';
}

/**
 * The mask and the number of producers for a unit. The library compares the mask, which holds numbers of logical CPUs,
 * with the *indexes of cores* (storage-proofs-porep `cores.rs`): the same where first threads are numbered before their
 * siblings, as on bare metal with one socket, and not where siblings are neighbours or sockets alternate. There a number
 * of producers that fits into no L3 group keeps it from binding at all, where a group is small enough for that.
 */
export function bindUnit(topology: CpuTopology, unit: CoreUnit): CoreBinding {
  const first = unit.cores.flatMap((core) => core.cpus.slice(0, 1));
  const siblings = unit.cores.flatMap((core) => core.cpus.slice(1));
  // A sibling helps the trees; one that reads as the index of a core would be taken for that core.
  const mask = [...first, ...siblings.filter((cpu) => cpu >= topology.machineCores)].toSorted(
    (a, b) => a - b,
  );
  const producers = Math.min(MOST_PRODUCERS, unit.cores.length - 1);
  if (producers < 1) return { cpus: mask, producers: 0, bound: 'free' };
  const own = new Set(unit.cores.map((core) => core.index));
  const bound = libraryUnit(topology, mask, producers);
  if (bound.every((index) => own.has(index))) {
    return { cpus: mask, producers, bound: bound.length > 0 ? 'own' : 'free' };
  }
  const whole = [...first, ...siblings].toSorted((a, b) => a - b);
  const groupSize = Math.floor(topology.machineCores / Math.max(1, topology.machineGroups));
  return groupSize <= MOST_PRODUCERS + 1
    ? { cpus: whole, producers: groupSize, bound: 'free' }
    : { cpus: mask, producers, bound: 'elsewhere' };
}

/**
 * The cores that the library would bind the first PC1 of a process to, by its own arithmetic: `create_core_units` of
 * storage-proofs-porep 19.1.0, `src/stacked/vanilla/cores.rs`.
 */
export function libraryUnit(topology: CpuTopology, mask: readonly number[], producers: number): number[] {
  const { machineCores: cores, machineGroups: groups } = topology;
  const allowed = new Set(mask);
  const perUnit = producers + 1;
  const groupSize = Math.floor(cores / Math.max(1, groups));
  const unitCount = groups * Math.floor(groupSize / perUnit);
  for (let unit = 0; unit < unitCount; unit++) {
    const round = Math.floor(unit / groups);
    const indexes = Array.from(
      { length: perUnit },
      (_, at) => ((at + unit * groupSize) % cores) + round * perUnit,
    ).filter((index) => allowed.has(index));
    if (indexes.length > 0) return indexes;
  }
  return [];
}

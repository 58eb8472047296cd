import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A machine as the kernel describes it, by how its logical CPUs are numbered. */
export interface Machine {
  readonly cores: number;
  readonly coresPerL3: number;
  readonly threads: 1 | 2;
  readonly packages?: number;
  readonly nodes?: number;
  /**
   * `firsts`: all first threads, then all siblings, as on bare metal. `pairs`: siblings are neighbours, as QEMU
   * does. `alternating`: even numbers in the one package, odd ones in the other, as some firmware does.
   */
  readonly numbering?: 'firsts' | 'pairs' | 'alternating';
}

/** 32 cores in 8 core complexes of 4 with 16 MiB of L3 each, SMT. */
export const EPYC_7542: Machine = { cores: 32, coresPerL3: 4, threads: 2 };
/** The same with four NUMA nodes (NPS4). */
export const EPYC_7542_NPS4: Machine = { ...EPYC_7542, nodes: 4 };
/** 24 cores in 8 core complexes of 3. */
export const THREADRIPPER_3960X: Machine = { cores: 24, coresPerL3: 3, threads: 2 };
/** Two sockets of 20 cores, one L3 cache each, even and odd numbers. */
export const XEON_PAIR: Machine = {
  cores: 40,
  coresPerL3: 20,
  threads: 2,
  packages: 2,
  nodes: 2,
  numbering: 'alternating',
};
export const QEMU: Machine = { cores: 16, coresPerL3: 4, threads: 2, numbering: 'pairs' };

/** Logical CPUs of a core, the first thread first. */
function cpusOf(machine: Machine, core: number): number[] {
  const { cores, threads, packages = 1, numbering = 'firsts' } = machine;
  if (numbering === 'pairs') return threads === 2 ? [2 * core, 2 * core + 1] : [core];
  const perPackage = cores / packages;
  const first =
    numbering === 'alternating' ? (core % perPackage) * packages + Math.floor(core / perPackage) : core;
  return threads === 2 ? [first, first + cores] : [first];
}

/** Writes the files of /sys/devices/system and /proc/self/status that say so. */
export async function writeMachine(root: string, machine: Machine, allowed?: string): Promise<void> {
  const { cores, coresPerL3, threads, packages = 1, nodes = 1 } = machine;
  const all = Array.from({ length: cores }, (_, core) => core);
  const list = (some: readonly number[]) => some.flatMap((core) => cpusOf(machine, core)).join(',');
  const write = async (path: string, text: string) => {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), `${text}\n`);
  };
  await write('cpu/online', `0-${cores * threads - 1}`);
  for (const core of all) {
    const group = all.filter((one) => Math.floor(one / coresPerL3) === Math.floor(core / coresPerL3));
    for (const cpu of cpusOf(machine, core)) {
      const folder = `cpu/cpu${cpu}`;
      await write(`${folder}/topology/thread_siblings_list`, cpusOf(machine, core).join(','));
      await write(`${folder}/topology/physical_package_id`, String(Math.floor(core / (cores / packages))));
      await write(`${folder}/cache/index3/shared_cpu_list`, list(group));
    }
  }
  for (let node = 0; node < nodes; node++) {
    const here = all.filter((core) => Math.floor(core / (cores / nodes)) === node);
    await write(`node/node${node}/cpulist`, list(here));
  }
  await write('status', `Name:\tnode\nCpus_allowed_list:\t${allowed ?? `0-${cores * threads - 1}`}`);
}

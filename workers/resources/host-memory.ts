import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bytes } from '#core';

/** Physical memory of the machine, or of the control group that this process is held to. Swap is never counted. */
export interface HostMemory {
  readonly total: Bytes;
  /** What could be used now without swapping, caches dropped. */
  readonly available: Bytes;
}

/** `/proc` and the cgroup v2 file system; tests give folders of their own. */
export interface MemoryPlaces {
  readonly proc: string;
  readonly cgroups: string;
}

const SYSTEM: MemoryPlaces = { proc: '/proc', cgroups: '/sys/fs/cgroup' };

/** @throws when `/proc/meminfo` cannot be read or says nothing */
export function readHostMemory(places: MemoryPlaces = SYSTEM): HostMemory {
  const machine = parseMeminfo(readFileSync(join(places.proc, 'meminfo'), 'utf8'));
  return controlGroups(places).reduce((memory, group) => withinGroup(memory, group), machine);
}

/** `MemTotal` and `MemAvailable` of /proc/meminfo, in bytes (proc_meminfo(5): "kB" there are KiB). */
export function parseMeminfo(text: string): HostMemory {
  const bytes = (field: string) => {
    const kib = Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]);
    if (!Number.isSafeInteger(kib)) throw new Error(`/proc/meminfo has no ${field}`);
    return kib * 1024;
  };
  return { total: bytes('MemTotal'), available: bytes('MemAvailable') };
}

interface ControlGroup {
  /** `memory.max`. */
  readonly max: Bytes;
  readonly current: Bytes;
  /** Pages of files, which the kernel drops when it must. */
  readonly fileCache: Bytes;
}

/** Less where a control group allows less than the machine has (cgroup v2, `memory.max`). */
export function withinGroup(memory: HostMemory, group: ControlGroup): HostMemory {
  const left = Math.max(0, group.max - Math.max(0, group.current - group.fileCache));
  return { total: Math.min(memory.total, group.max), available: Math.min(memory.available, left) };
}

/** This process's own group and those around it, as far as they have a limit. Empty without cgroup v2. */
function controlGroups({ proc, cgroups }: MemoryPlaces): ControlGroup[] {
  const path = /^0::(\/.*)$/m.exec(readText(join(proc, 'self/cgroup')) ?? '')?.[1];
  const groups: ControlGroup[] = [];
  for (let at = path; at !== undefined && at !== '/'; at = dirname(at)) {
    const folder = join(cgroups, at);
    // "max" is no number.
    const max = Number(readText(join(folder, 'memory.max')));
    if (!Number.isFinite(max) || max <= 0) continue;
    const stat = readText(join(folder, 'memory.stat')) ?? '';
    const field = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(stat)?.[1] ?? 0);
    groups.push({
      max,
      current: Number(readText(join(folder, 'memory.current')) ?? 0),
      fileCache: field('active_file') + field('inactive_file'),
    });
  }
  return groups;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // no such group, limit or process
  }
}

import { formatBytes, type Phase } from '#core';
import type { MemoryView } from './host-view.ts';

/**
 * Why a run of the phase does not fit into memory, or undefined. Two conditions, both on physical memory alone: what
 * all claimed runs may grow to fits the machine, and what they have not taken yet is there now, so that a neighbour
 * that is not ours is seen too.
 */
export function refuseForMemory(phase: Phase, memory: MemoryView): string | undefined {
  const need = memory.needs[phase] ?? 0;
  if (need === 0) return undefined;
  const promised = memory.runs.reduce((sum, run) => sum + run.need, 0);
  const usable = memory.total - memory.keepFree;
  if (promised + need > usable) {
    return `it needs ${formatBytes(need)}, and ${formatBytes(promised)} of ${formatBytes(usable)} are promised`;
  }
  const owed = memory.runs.reduce((sum, run) => sum + Math.max(0, run.need - run.used), 0);
  const now = memory.available - memory.keepFree - owed;
  if (need > now) {
    return `it needs ${formatBytes(need)}, and ${formatBytes(Math.max(0, now))} are free beside what runs`;
  }
  return undefined;
}

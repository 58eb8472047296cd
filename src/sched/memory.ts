import {
  type Bytes,
  formatBytes,
  MEMORY_NEEDS,
  type PerSectorSize,
  type Phase,
  type SectorSizeName,
} from '#core';
import type { MemoryView } from './host-view.ts';

/**
 * What a run of the phase may grow to, in bytes, for the most demanding of these sector sizes.
 * @param override what the operator says of the phase; a size that is not named keeps its default
 */
export function memoryNeed(
  phase: Phase,
  sizes: Iterable<SectorSizeName>,
  override: PerSectorSize<Bytes> = {},
): Bytes {
  let most = 0;
  for (const size of sizes) most = Math.max(most, override[size] ?? MEMORY_NEEDS[phase][size] ?? 0);
  return most;
}

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
    return `it needs ${formatBytes(need)}, and ${formatBytes(promised)} of ${formatBytes(Math.max(0, usable))} are promised`;
  }
  const owed = memory.runs.reduce((sum, run) => sum + Math.max(0, run.need - run.used), 0);
  // An idle sealer that the run would be given has part of what it needs already.
  const missing = Math.max(0, need - (memory.reusable?.[phase] ?? 0));
  const now = memory.available - memory.keepFree - owed;
  if (missing > now) {
    return `it needs ${formatBytes(need)}, and ${formatBytes(Math.max(0, now))} are free beside what runs`;
  }
  return undefined;
}

import { type Bytes, PHASE_NAMES, type Phase } from '#core';
import type { SealerPool } from '#sealer';
import { PHASE_HANDLERS } from '../phases/index.ts';
import { takenMemory } from './host-memory.ts';

/**
 * What idle sealers hold that the next run of a phase would be given with its process: it is no longer free, and needs
 * not be.
 */
export function idleMemory(pool: Pick<SealerPool, 'idle'>): Partial<Record<Phase, Bytes>> {
  const least = new Map<string, Bytes>();
  for (const { class: sealerClass, process } of pool.idle) {
    const taken = takenMemory(process.pid);
    least.set(sealerClass, Math.min(taken, least.get(sealerClass) ?? taken));
  }
  const idle: Partial<Record<Phase, Bytes>> = {};
  for (const phase of PHASE_NAMES) {
    const { sealer } = PHASE_HANDLERS[phase];
    const taken = sealer === null ? undefined : least.get(sealer);
    if (taken !== undefined) idle[phase] = taken;
  }
  return idle;
}

import { type Bytes, PHASE_NAMES, PHASES, type Phase } from '#core';
import { type DeviceView, freeSlots } from '#sched';
import { type SealerPool, takenMemory } from '#sealer';
import { PHASE_HANDLERS } from '../phases/index.ts';

/**
 * What idle sealers hold that the next run of a phase would be given with its process: it is no longer free, and needs
 * not be. Of several the one with the least counts; a slot without a process of its own gives nothing.
 */
export function idleMemory(
  idle: SealerPool['idle'],
  devices: readonly DeviceView[],
  taken: (pid: number) => Bytes = takenMemory,
): Partial<Record<Phase, Bytes>> {
  const least = (some: SealerPool['idle']) => Math.min(...some.map(({ process }) => taken(process.pid)));
  const seated = idle.filter(({ seat }) => seat !== undefined);
  const free = devices
    .filter((device) => device.outOfService === undefined)
    .reduce((sum, device) => sum + freeSlots(device), 0);
  const memory: Partial<Record<Phase, Bytes>> = {};
  for (const phase of PHASE_NAMES) {
    const { sealer } = PHASE_HANDLERS[phase];
    if (sealer === null) continue;
    if (PHASES[phase].device && devices.length > 0) {
      if (free > 0 && seated.length >= free) memory[phase] = least(seated);
      continue;
    }
    const fit = idle.filter(({ class: of, seat, cores }) => of === sealer && !seat && !cores);
    if (fit.length > 0) memory[phase] = least(fit);
  }
  return memory;
}

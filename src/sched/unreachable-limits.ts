import { formatBytes, PHASE_NAMES, PHASES, type Phase } from '#core';
import type { HostSize, SectorCost } from './host-size.ts';

/** A limit that is above what the machine can hold: it may stand, and is not reached. */
export interface Unreachable {
  readonly setting: string;
  /** How many it can be at most. */
  readonly most: number;
  readonly reason: string;
}

/** Which limits of a worker cannot be reached, and why. A limit is what the operator allows, so none is refused. */
export function unreachableLimits(
  host: HostSize,
  cost: SectorCost,
  limits: Readonly<Partial<Record<Phase, number>>>,
  maxSectors: number,
): Unreachable[] {
  const found: Unreachable[] = [];
  const note = (setting: string, value: number, most: number, reason: string) => {
    if (value > most) found.push({ setting, most, reason });
  };
  const usable = Math.max(0, host.memory - host.memoryKeepFree);
  for (const phase of PHASE_NAMES) {
    const setting = `worker.limit.${phase}`;
    const limit = limits[phase] ?? 0;
    const need = cost.memory[phase] ?? 0;
    const fit = need > 0 ? Math.floor(usable / need) : Number.POSITIVE_INFINITY;
    note(
      setting,
      limit,
      fit,
      `${fit === 0 ? 'none fits' : `at most ${fit} fit`} into memory: each counts ${formatBytes(need)}, and ${formatBytes(usable)} may be used`,
    );
    if (PHASES[phase].device && host.slots !== undefined) {
      note(
        setting,
        limit,
        host.slots,
        `its devices have ${host.slots} ${host.slots === 1 ? 'slot' : 'slots'}`,
      );
    }
  }
  if (host.scratch) {
    const room = Math.max(0, host.scratch.capacity - host.scratch.keepFree);
    const fit = Math.floor(room / cost.space);
    note(
      'worker.max_sectors',
      maxSectors,
      fit,
      `at most ${fit} fit on its workspace disk: each counts ${formatBytes(cost.space)}, and ${formatBytes(room)} may be used`,
    );
  }
  return found;
}

import type { Phase } from '#core';
import { type Choice, chooseNext, choosePhase } from './choose-next.ts';
import type { DeviceView, HostView, MemoryView, Refusal, ScratchView } from './host-view.ts';

/**
 * What a worker says of itself with every heartbeat, for `beepro sched`, `beepro why`, the page and automatic
 * pledging: what it runs, what it holds, what it would still take, and why not more.
 */
export interface HostReport {
  readonly running: Readonly<Partial<Record<Phase, number>>>;
  readonly limits: Readonly<Partial<Record<Phase, number>>>;
  readonly sectors: number;
  readonly maxSectors: number;
  readonly devices: readonly DeviceView[];
  readonly memory?: Pick<MemoryView, 'total' | 'available'> & { readonly promised: number };
  readonly scratch?: Pick<ScratchView, 'capacity' | 'free' | 'reserved'>;
  /** Phases it would start at once if a job came. */
  readonly takes: readonly Phase[];
  /** Of these, the ones whose jobs it takes from the fleet's queue. */
  readonly takesFleet?: readonly Phase[];
  readonly refusals: readonly Refusal[];
  /** How many new sectors it would begin now, one after another. */
  readonly wants: number;
}

/** More than any host begins between two heartbeats. */
const MOST_WANTED = 64;

export function hostReport(view: HostView, choice: Choice = chooseNext(view)): HostReport {
  const { running, limits, sectors, maxSectors, devices, memory, scratch } = view;
  return {
    running,
    limits,
    sectors,
    maxSectors,
    devices,
    ...(memory
      ? {
          memory: {
            total: memory.total,
            available: memory.available,
            promised: memory.runs.reduce((sum, run) => sum + run.need, 0),
          },
        }
      : {}),
    ...(scratch
      ? { scratch: { capacity: scratch.capacity, free: scratch.free, reserved: scratch.reserved } }
      : {}),
    takes: [...new Set(choice.candidates.map((candidate) => candidate.phase))],
    takesFleet: choice.candidates.filter(({ queue }) => queue === 'fleet').map(({ phase }) => phase),
    refusals: choice.refusals,
    wants: wantedSectors(view),
  };
}

/** How often AddPiece would be taken in a row, each taking its room: its run, its memory, its disk, its turn. */
function wantedSectors(view: HostView): number {
  let wants = 0;
  let next = view;
  while (wants < MOST_WANTED && choosePhase('add-piece', next).candidates.length > 0) {
    wants += 1;
    next = withOneMore(next);
  }
  return wants;
}

function withOneMore(view: HostView): HostView {
  const { memory, scratch, pace } = view;
  return {
    ...view,
    running: { ...view.running, 'add-piece': (view.running['add-piece'] ?? 0) + 1 },
    sectors: view.sectors + 1,
    ...(memory
      ? { memory: { ...memory, runs: [...memory.runs, { need: memory.needs['add-piece'] ?? 0, used: 0 }] } }
      : {}),
    ...(scratch
      ? {
          scratch: {
            ...scratch,
            reserved: scratch.reserved + scratch.newSector,
            growth: scratch.growth + scratch.newSector,
          },
        }
      : {}),
    ...(pace
      ? {
          pace: {
            ...pace,
            states: { ...pace.states, AddPiece: (pace.states.AddPiece ?? 0) + 1 },
          },
        }
      : {}),
  };
}

import {
  type Bytes,
  type PerSectorSize,
  PHASE_NAMES,
  PHASES,
  type Phase,
  type SectorSizeName,
  sectorName,
} from '#core';
import { type MemoryView, memoryNeed, type ScratchView, scratchNeeds } from '#sched';
import type { SectorsHere } from './held-sectors.ts';
import type { HostMemory } from './host-memory.ts';
import type { DiskAnswer } from './workspace-disk.ts';

/** A claimed run as its memory counts. */
export interface RunMemory {
  readonly phase: Phase;
  /** Undefined: not known yet, and it counts as the largest that it can be. */
  readonly size: SectorSizeName | undefined;
  /** What its sealer has taken. */
  readonly used: Bytes;
}

export interface MemoryFacts {
  readonly host: HostMemory;
  readonly keepFree: Bytes;
  readonly runs: readonly RunMemory[];
  readonly sectors: SectorsHere;
  /** What the operator says of a phase. */
  readonly override: (phase: Phase) => PerSectorSize<Bytes>;
  readonly acceptsOutsideC2: boolean;
  /** What idle sealers hold that the next run of a phase would be given. */
  readonly reusable: Readonly<Partial<Record<Phase, Bytes>>>;
}

/** Phases that come from the fleet's queue may be of any size that a miner seals, the others of those that are here. */
export function memoryView(facts: MemoryFacts): MemoryView {
  const { host, keepFree, runs, sectors, override, reusable } = facts;
  const here = new Set(sectors.held.map(({ proof }) => proof.size));
  const fleet = new Set([...here, ...sectors.offered.map(({ size }) => size)]);
  const sizesOf = (phase: Phase) =>
    PHASES[phase].queue === 'fleet' || (phase === 'commit2' && facts.acceptsOutsideC2) ? fleet : here;
  const needs: Partial<Record<Phase, Bytes>> = {};
  for (const phase of PHASE_NAMES) {
    const need = memoryNeed(phase, sizesOf(phase), override(phase));
    if (need > 0) needs[phase] = need;
  }
  return {
    total: host.total,
    available: host.available,
    keepFree,
    runs: runs.map(({ phase, size, used }) => ({
      need: memoryNeed(phase, size === undefined ? sizesOf(phase) : [size], override(phase)),
      used,
    })),
    needs,
    reusable,
  };
}

export interface ScratchFacts {
  readonly disk: DiskAnswer;
  readonly keepFree: Bytes;
  readonly sectors: SectorsHere;
  /** Sectors whose AddPiece runs here. */
  readonly beginning: number;
  readonly override: PerSectorSize<Bytes>;
}

export function scratchView({ disk, keepFree, sectors, beginning, override }: ScratchFacts): ScratchView {
  const look = 'look' in disk ? disk.look : undefined;
  const held = sectors.held.map(({ miner, number, ...sector }) => ({
    ...sector,
    // A folder that is not there takes nothing, once folders were counted at all.
    used: look?.uses && (look.uses.get(sectorName({ miner, number })) ?? 0),
  }));
  return {
    ...scratchNeeds(held, beginning, sectors.offered, override),
    capacity: look?.space.total ?? 0,
    free: look?.space.free ?? 0,
    keepFree,
    ...('unknown' in disk ? { unknown: disk.unknown } : {}),
  };
}

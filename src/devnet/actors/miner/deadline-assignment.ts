import { BitField } from '#codec';
import type { SectorNumber } from '#core';
import { type Deadline, type Partition, PersistentMap, type Sector } from '../../state/index.ts';

const EMPTY_PARTITION: Partition = {
  sectors: BitField.empty,
  unproven: BitField.empty,
  faults: BitField.empty,
  recoveries: BitField.empty,
  terminated: BitField.empty,
  earlyExpirations: PersistentMap.empty(),
};

/** Ascending: the deadline that takes the next sector first. Source: `deadline_assignment.rs`. */
type Rank = readonly [
  compactPartitions: number,
  partitions: number,
  full: number,
  emptier: number,
  live: number,
];

function rank(live: number, total: number, partitionSize: number): Rank {
  const full = total % partitionSize === 0;
  return [
    Math.ceil((live + 1) / partitionSize),
    Math.ceil((total + 1) / partitionSize),
    full ? 1 : 0,
    full ? 0 : -total,
    live,
  ];
}

function before(a: Rank, b: Rank): boolean {
  for (let index = 0; index < a.length; index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference < 0;
  }
  return false;
}

/**
 * Gives each new sector its deadline, and its partition within it: fewest partitions first, then fill open ones,
 * then fewest live sectors, then the lowest index. `mutable` says which deadlines may take any.
 * Undefined when all of them are full. Source: builtin-actors `assign_deadlines`, `Deadline::add_sectors`.
 */
export function assignSectors(
  deadlines: readonly Deadline[],
  sectors: readonly Sector[],
  partitionSize: number,
  maxPartitions: number,
  mutable: (index: number) => boolean,
  proven = false,
): readonly Deadline[] | undefined {
  const result = [...deadlines];
  const open = deadlines.map((_, index) => index).filter(mutable);
  for (const sector of [...sectors].sort((a, b) => a.number - b.number)) {
    let best: { index: number; rank: Rank } | undefined;
    for (const index of open) {
      const deadline = result[index];
      if (!deadline || deadline.totalSectors >= partitionSize * maxPartitions) continue;
      const own = rank(deadline.liveSectors, deadline.totalSectors, partitionSize);
      if (!best || before(own, best.rank)) best = { index, rank: own };
    }
    const chosen = best && result[best.index];
    if (!best || !chosen) return undefined;
    result[best.index] = withNewSector(chosen, sector, partitionSize, proven);
  }
  return result;
}

function withNewSector(
  deadline: Deadline,
  { number, dailyFee }: Pick<Sector, 'number' | 'dailyFee'>,
  partitionSize: number,
  proven: boolean,
): Deadline {
  const grown = withSector(deadline, number, partitionSize, proven);
  return { ...grown, dailyFee: grown.dailyFee + dailyFee };
}

/** Puts a sector into the last partition, or a new one when that is full. Source: `Deadline::add_sectors`. */
export function withSector(
  deadline: Deadline,
  number: SectorNumber,
  partitionSize: number,
  proven: boolean,
): Deadline {
  const last = deadline.partitions.at(-1);
  const hasRoom = last !== undefined && last.sectors.size < partitionSize;
  const partition = hasRoom ? last : EMPTY_PARTITION;
  const one = BitField.of([number]);
  const grown: Partition = {
    ...partition,
    sectors: partition.sectors.union(one),
    unproven: proven ? partition.unproven : partition.unproven.union(one),
  };
  const kept = hasRoom ? deadline.partitions.slice(0, -1) : deadline.partitions;
  return {
    ...deadline,
    partitions: [...kept, grown],
    liveSectors: deadline.liveSectors + 1,
    totalSectors: deadline.totalSectors + 1,
  };
}

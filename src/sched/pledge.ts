import { type ActorId, type AttoFil, formatFil } from '#core';

/** A miner as automatic pledging sees it. */
export interface PledgingMiner {
  readonly miner: ActorId;
  readonly enabled: boolean;
  /** Sectors being sealed, from AddPiece to the prove-commit on chain. */
  readonly inFlight: number;
  /** The most that may be in flight; 0: no ceiling of its own. */
  readonly ceiling: number;
  /** Sectors that no worker has begun yet. */
  readonly unbegun: number;
  /** What deposit and pledge of one more sector cost. */
  readonly sectorCost: AttoFil;
  /** What is left of the miner's and the sender's balances when every sector in flight is paid for. */
  readonly free: AttoFil;
  /** What must be left. */
  readonly floor: AttoFil;
  /** Why its numbers cannot be had: nothing is pledged on guesses. */
  readonly unknown?: string;
}

export interface PledgingFleet {
  readonly miners: readonly PledgingMiner[];
  /** How many sectors each host would begin now. */
  readonly hosts: readonly { readonly worker: string; readonly wants: number }[];
}

export interface PledgeDecision {
  readonly miner: ActorId;
  readonly count: number;
  /** A sentence: why so many, or why none. */
  readonly reason: string;
}

/**
 * How many sectors to pledge now for each miner: as many as the hosts would begin at once and nobody waits to begin
 * already, shared evenly among the miners that may pledge. Never on credit: each must be covered above the floor.
 */
export function decidePledges(fleet: PledgingFleet): PledgeDecision[] {
  const wanted = fleet.hosts.reduce((sum, host) => sum + host.wants, 0);
  const waiting = fleet.miners.reduce((sum, one) => sum + one.unbegun, 0);
  let open = Math.max(0, wanted - waiting);
  const able = fleet.miners.map((one) => ({ one, most: mostFor(one) }));
  const counts = new Map<ActorId, number>();
  // One each in turn, the emptiest first: no miner starves beside a large one.
  const turns = able
    .filter(({ most }) => most.count > 0)
    .toSorted((a, b) => a.one.inFlight - b.one.inFlight || a.one.miner - b.one.miner);
  for (let given = true; open > 0 && given; ) {
    given = false;
    for (const { one, most } of turns) {
      const count = counts.get(one.miner) ?? 0;
      if (open === 0 || count >= most.count) continue;
      counts.set(one.miner, count + 1);
      open -= 1;
      given = true;
    }
  }
  return able.map(({ one, most }) => {
    const count = counts.get(one.miner) ?? 0;
    if (count > 0)
      return { miner: one.miner, count, reason: `${wanted} could begin now, ${waiting} wait to be begun` };
    if (most.count === 0) return { miner: one.miner, count, reason: most.reason };
    const reason = wanted === 0 ? 'no worker could begin one now' : `${waiting} wait to be begun already`;
    return { miner: one.miner, count, reason };
  });
}

function mostFor(one: PledgingMiner): { readonly count: number; readonly reason: string } {
  if (!one.enabled) return { count: 0, reason: 'automatic pledging is off' };
  if (one.unknown !== undefined) return { count: 0, reason: one.unknown };
  const room = one.ceiling === 0 ? Number.MAX_SAFE_INTEGER : one.ceiling - one.inFlight;
  if (room <= 0) return { count: 0, reason: `${one.inFlight} of ${one.ceiling} sectors are in flight` };
  const spare = one.free - one.floor;
  if (one.sectorCost > 0n && spare < one.sectorCost) {
    return {
      count: 0,
      reason: `the next sector costs ${formatFil(one.sectorCost)}, and ${formatFil(spare > 0n ? spare : 0n)} are left above the floor of ${formatFil(one.floor)}`,
    };
  }
  const paid = one.sectorCost > 0n ? spare / one.sectorCost : BigInt(Number.MAX_SAFE_INTEGER);
  return { count: Math.min(room, Number(paid > BigInt(room) ? BigInt(room) : paid)), reason: '' };
}

import { type ActorId, type AttoFil, formatFil } from '#core';
import { type HostPipeline, roomBeforeBottleneck } from './bottleneck.ts';

/** A miner as automatic pledging sees it. */
export interface PledgingMiner {
  readonly miner: ActorId;
  readonly enabled: boolean;
  /** Sectors being sealed, from AddPiece to the prove-commit on chain; parked ones too, for they may go on. */
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
  /** Of those in flight, how many are parked, and from how many on nothing is pledged (0: never mind). */
  readonly parked?: number;
  readonly maxParked?: number;
  /** The part of `free` that lies in a wallet from which other miners pay too. */
  readonly wallet?: { readonly address: string; readonly free: AttoFil };
}

/** A host as automatic pledging sees it. */
export interface PledgingHost {
  readonly worker: string;
  /** How many sectors it would begin now, as it says itself. */
  readonly wants: number;
  /** How many it has begun since it said so. */
  readonly begunSince?: number;
  /** What its sectors wait for; absent: not looked at. */
  readonly pipeline?: HostPipeline;
  /** Why it begins none, as it says itself. */
  readonly refusal?: string;
}

export interface PledgingFleet {
  readonly miners: readonly PledgingMiner[];
  /** Every host that is active and has been heard of lately. */
  readonly hosts: readonly PledgingHost[];
  /** The most to pledge in all at this time; absent: no bound. */
  readonly most?: number;
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
  const wanted = wantedSectors(fleet.hosts);
  const waiting = fleet.miners.reduce((sum, one) => sum + one.unbegun, 0);
  let open = Math.min(fleet.most ?? Number.POSITIVE_INFINITY, Math.max(0, wanted.count - waiting));
  const purse = new Purse(fleet.miners);
  const counts = new Map<ActorId, number>();
  const refusal = (one: PledgingMiner): string | undefined =>
    refuseToPledge(one, counts.get(one.miner) ?? 0, purse.left(one));
  // One each in turn, the emptiest first: no miner starves beside a large one.
  const turns = fleet.miners.toSorted((a, b) => a.inFlight - b.inFlight || a.miner - b.miner);
  for (let given = true; open > 0 && given; ) {
    given = false;
    for (const one of turns) {
      if (open === 0 || refusal(one) !== undefined) continue;
      counts.set(one.miner, (counts.get(one.miner) ?? 0) + 1);
      purse.pay(one);
      open -= 1;
      given = true;
    }
  }
  return fleet.miners.map((one) => {
    const count = counts.get(one.miner) ?? 0;
    if (count > 0) {
      return {
        miner: one.miner,
        count,
        reason: `${wanted.count} could begin now, ${waiting} wait to be begun`,
      };
    }
    const why = wanted.count === 0 ? wanted.reason : `${waiting} wait to be begun already`;
    return { miner: one.miner, count, reason: refusal(one) ?? why };
  });
}

/** How many sectors the hosts can put to use now; the reason is for none. */
export function wantedSectors(hosts: readonly PledgingHost[]): { count: number; reason: string } {
  const rooms = hosts.map((host) => {
    const asked = Math.max(0, host.wants - (host.begunSince ?? 0));
    const room = host.pipeline && roomBeforeBottleneck(host.pipeline);
    const count = room ? Math.min(asked, room.count) : asked;
    const reason = asked > 0 ? room?.reason : host.refusal;
    return { count, reason: reason && `${host.worker}: ${reason}` };
  });
  const count = rooms.reduce((sum, room) => sum + room.count, 0);
  if (hosts.length === 0) return { count, reason: 'no active worker is heard of' };
  // One is enough as an example; `beepro sched` has them all.
  const example = rooms.find((room) => room.reason !== undefined)?.reason;
  return { count, reason: `no worker could begin one now${example ? ` (${example})` : ''}` };
}

/** Why this miner gets no further sector, or undefined. */
function refuseToPledge(one: PledgingMiner, already: number, left: AttoFil): string | undefined {
  if (!one.enabled) return 'automatic pledging is off';
  if (one.unknown !== undefined) return one.unknown;
  const parked = one.parked ?? 0;
  if (one.maxParked && parked >= one.maxParked) {
    return `${parked} of its sectors are parked: what parked them may park the next ones`;
  }
  if (one.ceiling > 0 && one.inFlight + already >= one.ceiling) {
    const note = parked > 0 ? `, ${parked} of them parked` : '';
    return `${one.inFlight} of ${one.ceiling} sectors are in flight${note}`;
  }
  const spare = left - one.floor;
  if (spare >= 0n && spare >= one.sectorCost) return undefined;
  return `the next sector costs ${formatFil(one.sectorCost)}, and ${formatFil(spare > 0n ? spare : 0n)} are left above the floor of ${formatFil(one.floor)}`;
}

/** What is left of the miners' own money and of the wallets that they share. */
class Purse {
  readonly #own: Map<ActorId, AttoFil>;
  readonly #wallets = new Map<string, AttoFil>();

  constructor(miners: readonly PledgingMiner[]) {
    this.#own = new Map(miners.map((one) => [one.miner, one.free - (one.wallet?.free ?? 0n)]));
    for (const { wallet } of miners) if (wallet) this.#wallets.set(wallet.address, wallet.free);
  }

  left(one: PledgingMiner): AttoFil {
    return this.#ownOf(one) + this.#inWallet(one);
  }

  /** The miner's own money goes first, as it does in its messages. */
  pay(one: PledgingMiner): void {
    const own = this.#ownOf(one);
    const fromOwn = !one.wallet || own > one.sectorCost ? one.sectorCost : own > 0n ? own : 0n;
    this.#own.set(one.miner, own - fromOwn);
    if (one.wallet) this.#wallets.set(one.wallet.address, this.#inWallet(one) - (one.sectorCost - fromOwn));
  }

  #ownOf(one: PledgingMiner): AttoFil {
    return this.#own.get(one.miner) ?? 0n;
  }

  #inWallet(one: PledgingMiner): AttoFil {
    return (one.wallet && this.#wallets.get(one.wallet.address)) ?? 0n;
  }
}

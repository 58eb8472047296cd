import type { Epoch } from '#core';

/** What a look at a node told of its head. Times are ms of one monotonic clock; epochs by wall clock are `expected`. */
export interface HeadSeen {
  readonly height: Epoch;
  readonly at: number;
  /** The epoch that this machine's clock gave at that moment; undefined where the chain keeps no schedule. */
  readonly expected: Epoch | undefined;
  /** The node's own word, by its own clock, that it is so many epochs behind; undefined where it gives none. */
  readonly behind: Epoch | undefined;
}

export interface HealthRules {
  /** Epochs. */
  readonly maxLag: Epoch;
  /** How fast the chain grows, for heads that were seen at different moments. */
  readonly epochsPerMs: number;
}

export interface HeightVerdict {
  readonly state: 'level' | 'lagging' | 'ahead';
  /** Epochs behind the chain; 0 for a node that is level. */
  readonly lag: Epoch;
}

export interface HealthVerdict {
  /** In the order of the heads given. */
  readonly nodes: readonly HeightVerdict[];
  /** How many epochs every node is ahead of this machine's clock (behind it: negative), when all disagree with it. */
  readonly clockOff: Epoch | undefined;
}

/**
 * Which nodes follow the chain. The clock decides while a node agrees with it. Where none does, either this machine's
 * clock is wrong or all are behind: their own word settles that; without it they are held against each other, since
 * a wrong clock must not put healthy nodes out.
 */
export function judgeHeights(seen: readonly HeadSeen[], rules: HealthRules): HealthVerdict {
  if (seen.length === 0) return { nodes: [], clockOff: undefined };
  const { maxLag, epochsPerMs } = rules;
  const newest = Math.max(...seen.map(({ at }) => at));
  const levels = seen.map(({ height, at }) => height + Math.floor((newest - at) * epochsPerMs));
  const offs = seen.map(({ height, expected }) => (expected === undefined ? undefined : height - expected));
  const agrees = offs.map((off) => off !== undefined && Math.abs(off) <= maxLag);
  const isTimed = offs.every((off) => off !== undefined);

  if (agrees.some(Boolean)) {
    const best = Math.max(...levels.filter((_, i) => agrees[i]));
    return {
      nodes: levels.map((level, i) => against(best, level, agrees[i] ? Infinity : maxLag)),
      clockOff: undefined,
    };
  }
  const allSaySo = seen.every(({ behind }) => behind !== undefined && behind > maxLag);
  if (isTimed && allSaySo) {
    const nodes = offs.map((off): HeightVerdict => ({ state: 'lagging', lag: Math.max(0, -(off ?? 0)) }));
    return { nodes, clockOff: undefined };
  }
  const reference = commonLevel(levels, maxLag);
  const nodes = levels.map((level) => against(reference, level, maxLag));
  return { nodes, clockOff: isTimed ? offs[levels.indexOf(reference)] : undefined };
}

/** The level that most nodes are near; of equally many, the higher. */
function commonLevel(levels: readonly Epoch[], maxLag: Epoch): Epoch {
  const support = (level: Epoch) => levels.filter((other) => Math.abs(other - level) <= maxLag).length;
  return levels.reduce((best, level) => {
    const more = support(level) - support(best);
    return more > 0 || (more === 0 && level > best) ? level : best;
  });
}

function against(reference: Epoch, level: Epoch, tolerance: Epoch): HeightVerdict {
  const lag = Math.max(0, reference - level);
  if (lag > tolerance) return { state: 'lagging', lag };
  if (level - reference > tolerance) return { state: 'ahead', lag: 0 };
  return { state: 'level', lag };
}

/** What the schedule of a chain follows from. */
export interface ChainSchedule {
  /** Unix time of epoch 0, in seconds. */
  readonly genesisTimestamp: number;
  /** Seconds. */
  readonly blockDelay: number;
}

/**
 * The epoch by the wall clock; undefined where the head's timestamp shows that the chain does not keep the schedule it
 * tells (a devnet faster than the API's whole seconds). A block's timestamp is genesis + height × block delay. Source:
 * Lotus `chain/consensus/filcns`.
 */
export function expectedEpoch(
  schedule: ChainSchedule,
  head: { readonly height: Epoch; readonly timestamp: number },
  wallMs: number,
): Epoch | undefined {
  const { genesisTimestamp, blockDelay } = schedule;
  const due = genesisTimestamp + head.height * blockDelay;
  if (Math.abs(head.timestamp - due) > blockDelay) return undefined;
  return Math.floor((wallMs / 1000 - genesisTimestamp) / blockDelay);
}

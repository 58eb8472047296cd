import { PHASES, type Phase } from '#core';

/** Where a host's sectors stand, as far as new ones would queue up behind them. */
export interface HostPipeline {
  /** How many runs of each phase it may have at once; a phase that is absent has 0. */
  readonly limits: Readonly<Partial<Record<Phase, number>>>;
  readonly running: Readonly<Partial<Record<Phase, number>>>;
  /** Runs that wait for this host alone: in its own queues, or for the end of a pause. */
  readonly waiting: Readonly<Partial<Record<Phase, number>>>;
}

/** How many more sectors a host can put to use, and what bounds them. */
export interface PipelineRoom {
  readonly count: number;
  /** What is full; a sentence for when `count` is 0. */
  readonly reason: string;
}

/**
 * How many more sectors may begin on a host before they only wait there. PC1 comes first and takes longest, so its
 * slots and a small store before them are the measure: more than that before PC1, or more than a whole set of PC1
 * runs waiting before PC2, or two before C2, means that the sectors that are there already keep the narrowest phase
 * busy for longer than a new one takes to reach it.
 */
export function roomBeforeBottleneck({ limits, running, waiting }: HostPipeline): PipelineRoom {
  const slots = limits.precommit1 ?? 0;
  if (slots === 0) return { count: 0, reason: `its limit for ${PHASES.precommit1.label} is 0` };
  const set = slots + Math.max(1, Math.ceil(slots / 8));
  const before = count(waiting, 'precommit1') + count(running, 'precommit1') + count(running, 'add-piece');
  const rooms: PipelineRoom[] = [
    {
      count: set - before,
      reason: `${before} sectors are in PC1 or before it, which takes ${slots} at once`,
    },
    { count: set - count(waiting, 'precommit2'), reason: `${count(waiting, 'precommit2')} wait for PC2` },
    {
      count: 2 * set - count(waiting, 'commit1') - count(waiting, 'commit2'),
      reason: `${count(waiting, 'commit1') + count(waiting, 'commit2')} wait for C1 and C2`,
    },
  ];
  const [first, ...others] = rooms.map((room) => ({ ...room, count: Math.max(0, room.count) }));
  return others.reduce((least, room) => (room.count < least.count ? room : least), first ?? NO_ROOM);
}

const NO_ROOM: PipelineRoom = { count: 0, reason: '' };

function count(runs: HostPipeline['running'], phase: Phase): number {
  return runs[phase] ?? 0;
}

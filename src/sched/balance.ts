import type { HostView } from './host-view.ts';

/**
 * Whether PC2 goes before C2 where both wait for one device. A sector passes the device twice, and each pass feeds
 * another stretch of the pipeline: PC2 the wait for the seed, C2 (which frees workspace) AddPiece and PC1. The device
 * idles later when one of them runs dry, so it feeds the stretch that holds less than its share of the sectors; the
 * shares are as the stretches are long.
 *
 * Finish first alone sends sectors through in waves: a block of PC2 at the pace of C2, then a block of C2.
 */
export function precommit2First({ pace, running }: HostView): boolean {
  if (!pace) return false;
  const { states, durationsMs, seedWaitMs } = pace;
  const { precommit1 } = durationsMs;
  if (precommit1 === undefined || seedWaitMs === undefined) return false;
  const onTheWayToPc2 = (states.AddPiece ?? 0) + (running.precommit1 ?? 0);
  const onTheWayToC2 = (states.PreCommitBatching ?? 0) + (states.PreCommitWait ?? 0) + (states.WaitSeed ?? 0);
  const longBeforePc2 = precommit1 + (durationsMs['add-piece'] ?? 0);
  return onTheWayToC2 * longBeforePc2 < onTheWayToPc2 * seedWaitMs;
}

import type { Epoch } from '#core';
import { faultMaxAge, type NetworkPolicy } from '../../policy.ts';
import type { Deadline, MinerState, PersistentMap, Sector } from '../../state/index.ts';
import { ActorError, EXIT } from '../actor-error.ts';
import { type DeadlineInfo, nextDeadlineEnd } from './deadlines.ts';
import type { PartitionTerms } from './partitions.ts';

/** What the partitions of one of a miner's deadlines depend on. */
export function termsOf(
  policy: NetworkPolicy,
  miner: MinerState,
  index: number,
  sectors: PersistentMap<Sector> = miner.sectors,
): PartitionTerms {
  return {
    size: miner.info.sectorSize,
    sectors,
    quantize: (epoch) => nextDeadlineEnd(policy, miner.provingPeriodStart, index, epoch),
  };
}

/** When a sector that becomes faulty at this deadline is given up. */
export function faultExpiration(policy: NetworkPolicy, deadline: DeadlineInfo): Epoch {
  return deadline.close - 1 + faultMaxAge(policy);
}

export function deadlineOf(miner: MinerState, index: number): Deadline {
  const deadline = miner.deadlines[index];
  if (!deadline) throw new ActorError(EXIT.illegalState, `invalid deadline ${index}`);
  return deadline;
}

export function withDeadline(miner: MinerState, index: number, deadline: Deadline): MinerState {
  return { ...miner, deadlines: miner.deadlines.with(index, deadline) };
}

export function notFound(words: string): ActorError {
  return new ActorError(EXIT.notFound, words);
}

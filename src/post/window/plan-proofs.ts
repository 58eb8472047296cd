import type { BitField } from '#codec';
import type { Epoch } from '#core';
import type { DeadlineTimes } from './deadline-times.ts';

/** A partition as `StateMinerPartitions` shows it. */
export interface PartitionState {
  readonly liveSectors: BitField;
  readonly faultySectors: BitField;
  readonly recoveringSectors: BitField;
  readonly activeSectors: BitField;
}

/** A deadline as `StateMinerDeadlines` and `StateMinerPartitions` show it. */
export interface DeadlineState {
  /** Partitions that were proven since the deadline opened; empty again from its end on. */
  readonly postSubmissions: BitField;
  readonly partitions: readonly PartitionState[];
}

/**
 * `waiting`: the challenge is not known for sure. `early`: proofs can be made, and are too early to send. `open`: they
 * can be sent.
 */
export type ProvingStage = 'waiting' | 'early' | 'open';

/** One partition's proof. */
export interface PartitionProofPlan {
  readonly partition: number;
  /** What is proven, none of it known as bad. */
  readonly sectors: BitField;
  /** To be named in the message: good by the chain, and not to be read. They become faulty. */
  readonly skipped: BitField;
  /** The chain verifies a proof that brings power back, and takes any other unseen. */
  readonly recovers: boolean;
  /** Sectors that get their first proof, and with it their power. */
  readonly firstProven: BitField;
}

/** Why a partition gets no proof. */
export type PartitionPassedOver = 'proven' | 'empty' | 'all-faulty' | 'nothing-readable';

export interface DeadlineProofPlan {
  readonly deadline: DeadlineTimes;
  readonly stage: ProvingStage;
  readonly proofs: readonly PartitionProofPlan[];
  readonly passedOver: readonly { readonly partition: number; readonly reason: PartitionPassedOver }[];
}

/**
 * What to prove in a deadline that is not over. `unreadable` are the sectors that were found unreadable: one of them
 * never costs its partition. A declared recovery among them is taken back by skipping it; a fault that was not declared
 * recovered needs no word. `confidence` is how many epochs deep the challenge must lie.
 */
export function planProofs(
  deadline: DeadlineTimes,
  state: DeadlineState,
  head: Epoch,
  unreadable: BitField,
  confidence: Epoch,
): DeadlineProofPlan {
  const stage = stageOf(deadline, head, confidence);
  const proofs: PartitionProofPlan[] = [];
  const passedOver: { partition: number; reason: PartitionPassedOver }[] = [];
  for (const [index, partition] of state.partitions.entries()) {
    const planned = state.postSubmissions.has(index) ? 'proven' : planPartition(index, partition, unreadable);
    if (typeof planned === 'string') passedOver.push({ partition: index, reason: planned });
    else proofs.push(planned);
  }
  return { deadline, stage, proofs, passedOver };
}

function stageOf({ challenge, open }: DeadlineTimes, head: Epoch, confidence: Epoch): ProvingStage {
  if (head < challenge + confidence) return 'waiting';
  // The node estimates a message in the head's epoch: before the deadline opens it says no.
  return head < open ? 'early' : 'open';
}

function planPartition(
  partition: number,
  { liveSectors, faultySectors, recoveringSectors, activeSectors }: PartitionState,
  unreadable: BitField,
): PartitionProofPlan | PartitionPassedOver {
  if (liveSectors.size === 0) return 'empty';
  const expected = liveSectors.subtract(faultySectors).union(recoveringSectors.intersect(liveSectors));
  if (expected.size === 0) return 'all-faulty';
  const skipped = expected.intersect(unreadable);
  const sectors = expected.subtract(skipped);
  if (sectors.size === 0) return 'nothing-readable';
  return {
    partition,
    sectors,
    skipped,
    recovers: recoveringSectors.intersect(sectors).size > 0,
    firstProven: sectors.subtract(activeSectors).subtract(faultySectors),
  };
}

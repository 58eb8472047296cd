import { BitField } from '#codec';
import type { ActorId } from '#core';
import { type NetworkPolicy, provingPeriod } from '../../policy.ts';
import {
  type Deadline,
  type DisputeSnapshot,
  type MinerState,
  miners,
  NO_POWER,
  type Partition,
  PersistentMap,
  type Power,
  totalPower,
} from '../../state/index.ts';
import { continuedFaultFee, dailyFeePayable } from '../penalties.ts';
import type { Runtime } from '../runtime.ts';
import { currentDeadline, type DeadlineInfo } from './deadlines.ts';
import { settleEarlyTerminations, withoutSectors } from './early-terminations.ts';
import { minerOf, penalised } from './funds.ts';
import { deadlineOf, faultExpiration, termsOf, withDeadline } from './miner-deadlines.ts';
import { NO_SNAPSHOT } from './new-miner.ts';
import { expired, liveSectors, missed, type PartitionTerms, sumOf, unionOf } from './partitions.ts';
import { powerOf } from './power.ts';
import { withoutExpiredPreCommits } from './pre-commit-expiry.ts';

/**
 * What happens at the end of an epoch after its messages: every miner whose deadline ends loses the pre-commits that
 * were never proven and the power that was not, pays its fees, and moves on to its next deadline.
 * Source: builtin-actors `handle_proving_deadline`.
 */
export function runDeadlineCron(runtime: Runtime): void {
  for (const { id, miner } of miners(runtime.state)) if (miner?.deadlineCronActive) endDeadline(runtime, id);
}

function endDeadline(runtime: Runtime, id: ActorId): void {
  const { policy, epoch, economy } = runtime.env;
  const before = minerOf(runtime, id);
  const current = currentDeadline(policy, before.provingPeriodStart, epoch);
  if (epoch !== current.close - 1) return;
  const { miner: kept, burnt } = withoutExpiredPreCommits(before, epoch);
  const ended = advance(policy, kept, current);
  const network = totalPower(runtime.state).qualityAdjPower;
  const fault = continuedFaultFee(economy, ended.previouslyFaulty.qualityAdjPower, network);
  const daily = dailyFeePayable(economy, ended.dailyFee, ended.live.qualityAdjPower, network);
  const { balance } = runtime.actor(id);
  const { miner, paid } = penalised(ended.miner, balance, burnt + fault + daily);
  runtime.update(id, { miner: { ...miner, deadlineCronActive: hasFundsToWatch(miner) } });
  runtime.burn(id, paid);
  settleEarlyTerminations(runtime, id, ended.early);
}

/** Source: `continue_deadline_cron`. */
function hasFundsToWatch({ preCommitDeposits, initialPledge, lockedFunds }: MinerState): boolean {
  return preCommitDeposits > 0n || initialPledge > 0n || lockedFunds > 0n;
}

interface Ended {
  readonly miner: MinerState;
  /** Power that was known as faulty before the deadline's end: it pays for that. */
  readonly previouslyFaulty: Power;
  readonly early: BitField;
  /** Of the sectors that stay. */
  readonly dailyFee: bigint;
  readonly live: Power;
}

/** Source: `advance_deadline`, `process_deadline_end`, `pop_expired_sectors`. */
function advance(policy: NetworkPolicy, miner: MinerState, current: DeadlineInfo): Ended {
  const { index, periodStart, close } = current;
  const last = index + 1 === policy.wPoStPeriodDeadlines;
  const moved: MinerState = {
    ...miner,
    provingPeriodStart: last ? periodStart + provingPeriod(policy) : miner.provingPeriodStart,
    currentDeadline: last ? 0 : index + 1,
  };
  const deadline = deadlineOf(miner, index);
  const terms = termsOf(policy, miner, index);
  const powerIn = (partitions: readonly Partition[], of: (partition: Partition) => BitField) =>
    powerOf(terms.size, terms.sectors, unionOf(partitions.map(of)));
  const previouslyFaulty = powerIn(deadline.partitions, ({ faults }) => faults);
  const proven = deadline.partitions.map((partition, number) =>
    deadline.partitionsPoSted.has(number)
      ? { partition, power: NO_POWER }
      : missed(partition, faultExpiration(policy, current), terms),
  );
  const snapshot = snapshotOf(
    deadline,
    proven.map(({ partition }) => partition),
    terms,
  );
  const ends = proven.map(({ partition }) => expired(partition, close - 1, terms));
  const onTime = unionOf(ends.map((each) => each.onTime));
  const early = unionOf(ends.map((each) => each.early));
  const partitions = ends.map(({ partition }) => partition);
  const after: Deadline = {
    ...withoutSectors(deadline, miner, [onTime, early]),
    partitions,
    partitionsPoSted: BitField.empty,
    posts: [],
    disputable: snapshot,
  };
  const pledge = [...onTime].reduce(
    (sum, number) => sum + (miner.sectors.get(number)?.initialPledge ?? 0n),
    0n,
  );
  return {
    miner: {
      ...withDeadline(moved, index, after),
      initialPledge: moved.initialPledge - pledge,
      power: sumOf([miner.power, ...proven.map(({ power }) => power), ...ends.map(({ power }) => power)]),
    },
    previouslyFaulty,
    early,
    dailyFee: after.dailyFee,
    live: powerIn(partitions, liveSectors),
  };
}

/** What a dispute looks at: everything as it was before sectors expired. */
function snapshotOf(
  { posts }: Deadline,
  partitions: readonly Partition[],
  { sectors }: PartitionTerms,
): DisputeSnapshot {
  if (posts.length === 0) return NO_SNAPSHOT;
  const numbers = unionOf(partitions.map((partition) => partition.sectors));
  return {
    posts: PersistentMap.from(posts.entries()),
    partitions,
    sectors: PersistentMap.from(
      [...numbers].flatMap((number) => {
        const sector = sectors.get(number);
        return sector ? [[number, sector] as const] : [];
      }),
    ),
  };
}

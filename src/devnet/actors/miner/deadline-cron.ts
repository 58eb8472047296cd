import { BitField } from '#codec';
import type { ActorId } from '#core';
import { provingPeriod } from '../../policy.ts';
import { miners } from '../../state/index.ts';
import type { Runtime } from '../runtime.ts';
import { deadlineIndexAt, deadlineInfo, periodStartAt } from './deadlines.ts';
import { minerOf } from './funds.ts';

/**
 * What happens at the end of an epoch after its messages: every miner whose deadline ends loses the pre-commits
 * that were never proven, and moves on to its next deadline. Source: builtin-actors `handle_proving_deadline`.
 */
export function runDeadlineCron(runtime: Runtime): void {
  for (const { id, miner } of miners(runtime.state)) if (miner?.deadlineCronActive) endDeadline(runtime, id);
}

function endDeadline(runtime: Runtime, id: ActorId): void {
  const { policy, epoch } = runtime.env;
  const miner = minerOf(runtime, id);
  // By the epoch, not by the state: while the cron was inactive, the state's deadline stood still.
  const start = periodStartAt(policy, miner.provingPeriodStart, epoch);
  const current = deadlineInfo(policy, start, deadlineIndexAt(policy, start, epoch), epoch);
  if (epoch !== current.close - 1) return;
  const expired = [...miner.preCommitCleanUps.keys()].filter((bound) => bound <= epoch);
  let burnt = 0n;
  let { preCommits, preCommitCleanUps } = miner;
  for (const bound of expired) {
    for (const number of preCommitCleanUps.get(bound) ?? []) {
      burnt += preCommits.get(number)?.deposit ?? 0n;
      preCommits = preCommits.delete(number);
    }
    preCommitCleanUps = preCommitCleanUps.delete(bound);
  }
  const last = current.index + 1 === policy.wPoStPeriodDeadlines;
  runtime.update(id, {
    miner: {
      ...miner,
      preCommits,
      preCommitCleanUps,
      preCommitDeposits: miner.preCommitDeposits - burnt,
      provingPeriodStart: last ? start + provingPeriod(policy) : miner.provingPeriodStart,
      currentDeadline: last ? 0 : current.index + 1,
      deadlines: miner.deadlines.map((deadline, index) =>
        index === current.index ? { ...deadline, partitionsPoSted: BitField.empty } : deadline,
      ),
    },
  });
  runtime.burn(id, burnt);
}

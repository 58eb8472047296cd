import type { BitField } from '#codec';
import type { Deadline, MinerState } from '../../state/index.ts';
import { forbidden, illegalArgument, within } from '../actor-error.ts';
import type { Invocation, Runtime } from '../runtime.ts';
import { withSector } from './deadline-assignment.ts';
import { isDeadlineMutable, isDisputable, periodStartAt } from './deadlines.ts';
import { minerOf, requireControl } from './funds.ts';
import { deadlineOf, withDeadline } from './miner-deadlines.ts';
import { liveSectors, unionOf } from './partitions.ts';
import { addressablePartitions } from './window-post.ts';

/**
 * Takes the named partitions out of a deadline and fills their live sectors into its last ones; the terminated are
 * forgotten. Source: builtin-actors `compact_partitions`.
 */
export function compactPartitions(
  runtime: Runtime,
  call: Invocation,
  params: { readonly deadline: number; readonly partitions: BitField },
): undefined {
  const { policy, epoch } = runtime.env;
  const { deadline: index, partitions } = params;
  if (index >= policy.wPoStPeriodDeadlines) throw illegalArgument(`invalid deadline ${index}`);
  const miner = minerOf(runtime, call.receiver);
  requireControl(miner, call.caller);
  const start = periodStartAt(policy, miner.provingPeriodStart, epoch);
  if (!isDeadlineMutable(policy, start, index, epoch) || isDisputable(policy, start, index, epoch))
    throw forbidden(
      `cannot compact deadline ${index} during its challenge window, or the prior challenge window, or before ${policy.wPoStDisputeWindow} epochs have passed since its last challenge window ended`,
    );
  const limit = addressablePartitions(policy, miner);
  if (partitions.size > limit)
    throw illegalArgument(`too many partitions ${partitions.size}, limit ${limit}`);
  const deadline = deadlineOf(miner, index);
  const compacted = within(`failed to remove partitions from deadline ${index}`, () =>
    compact(deadline, partitions, miner),
  );
  runtime.batch = { sectors: compacted.moved, proofs: 0 };
  let { sectors } = miner;
  for (const number of compacted.dead) sectors = sectors.delete(number);
  runtime.update(call.receiver, { miner: { ...withDeadline(miner, index, compacted.deadline), sectors } });
  return undefined;
}

function compact(deadline: Deadline, removed: BitField, { info }: MinerState) {
  const count = deadline.partitions.length;
  if (removed.size > count) throw illegalArgument('partitions to remove exceeds total');
  const { last } = removed;
  if (last !== undefined && last >= count)
    throw illegalArgument(`partition index ${last} out of range [0, ${count})`);
  const moved = deadline.partitions.filter((_, index) => removed.has(index));
  for (const index of removed) {
    const partition = deadline.partitions[index];
    const fail = (what: string) =>
      illegalArgument(`while removing partitions: cannot remove partition ${index}: has ${what}`);
    if (partition && partition.faults.size > 0) throw fail('faults');
    if (partition && partition.unproven.size > 0) throw fail('unproven sectors');
  }
  const live = unionOf(moved.map(liveSectors));
  const dead = unionOf(moved.map(({ terminated }) => terminated));
  let result: Deadline = {
    ...deadline,
    partitions: deadline.partitions.filter((_, index) => !removed.has(index)),
    liveSectors: deadline.liveSectors - live.size,
    totalSectors: deadline.totalSectors - live.size - dead.size,
  };
  for (const number of live) result = withSector(result, number, info.partitionSectors, true);
  return { deadline: result, dead, moved: live.size };
}

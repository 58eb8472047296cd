import type { BitField, SectorDeclaration } from '#codec';
import type { Epoch } from '#core';
import type { NetworkPolicy } from '../../policy.ts';
import type { Deadline, MinerState, Partition } from '../../state/index.ts';
import { illegalArgument } from '../actor-error.ts';
import { type DeadlineInfo, deadlineInfo, nextNotElapsed, periodStartAt } from './deadlines.ts';
import { notFound } from './miner-deadlines.ts';

/** The sectors that a message names in one deadline, by partition. */
export interface DeadlineDeclaration {
  readonly deadline: number;
  readonly partitions: readonly { readonly index: number; readonly sectors: BitField }[];
}

/**
 * Declarations by deadline and partition, ascending; several for one partition are one.
 * Source: builtin-actors `DeadlineSectorMap`.
 */
export function groupDeclarations(
  policy: NetworkPolicy,
  declarations: readonly SectorDeclaration[],
): DeadlineDeclaration[] {
  const deadlines = new Map<number, Map<number, BitField>>();
  for (const { deadline, partition, sectors } of declarations) {
    if (deadline >= policy.wPoStPeriodDeadlines)
      throw illegalArgument(
        `failed to process deadline ${deadline}, partition ${partition}: invalid deadline ${deadline}`,
      );
    const partitions = deadlines.get(deadline) ?? new Map<number, BitField>();
    partitions.set(partition, partitions.get(partition)?.union(sectors) ?? sectors);
    deadlines.set(deadline, partitions);
  }
  const grouped = [...deadlines]
    .sort(([a], [b]) => a - b)
    .map(([deadline, partitions]) => ({
      deadline,
      partitions: [...partitions].sort(([a], [b]) => a - b).map(([index, sectors]) => ({ index, sectors })),
    }));
  checkLimits(policy, grouped);
  return grouped;
}

function checkLimits(policy: NetworkPolicy, grouped: readonly DeadlineDeclaration[]): void {
  const all = grouped.flatMap(({ partitions }) => partitions);
  const sectors = all.reduce((sum, partition) => sum + partition.sectors.size, 0);
  const fail = (words: string) => illegalArgument(`cannot process requested parameters: ${words}`);
  if (all.length > policy.addressedPartitionsMax)
    throw fail(`too many partitions ${all.length}, max ${policy.addressedPartitionsMax}`);
  if (sectors > policy.addressedSectorsMax)
    throw fail(`too many sectors ${sectors}, max ${policy.addressedSectorsMax}`);
}

/** When the deadline of a declaration comes next; it must not be about to. `kind` names it in the refusal. */
export function declarationDeadline(
  policy: NetworkPolicy,
  miner: MinerState,
  index: number,
  epoch: Epoch,
  kind: 'fault' | 'recovery',
): DeadlineInfo {
  const start = periodStartAt(policy, miner.provingPeriodStart, epoch);
  const next = nextNotElapsed(policy, deadlineInfo(policy, start, index, epoch));
  if (epoch >= next.faultCutoff)
    throw illegalArgument(
      `failed ${kind} declaration at deadline ${index}: late fault or recovery declaration`,
    );
  return next;
}

/** The deadline with each named partition changed. @throws ActorError not found, in the words given */
export function mapPartitions(
  deadline: Deadline,
  declaration: DeadlineDeclaration,
  missing: string,
  change: (partition: Partition, sectors: BitField, index: number) => Partition,
): Deadline {
  const partitions = [...deadline.partitions];
  for (const { index, sectors } of declaration.partitions) {
    const partition = partitions[index];
    if (!partition) throw notFound(`${missing} ${index}`);
    partitions[index] = change(partition, sectors, index);
  }
  return { ...deadline, partitions };
}

import type { BitField, SectorDeclaration } from '#codec';
import type { Epoch } from '#core';
import type { DeadlineTimes } from './deadline-times.ts';
import type { DeadlineState } from './plan-proofs.ts';

/** Source: builtin-actors `policy.rs`, `ADDRESSED_SECTORS_MAX` and `ADDRESSED_PARTITIONS_MAX`. */
export const DECLARATION_LIMITS = { sectors: 25_000, partitions: 3_000 } as const;

/** One `DeclareFaultsRecovered` message. */
export interface RecoveryPlan {
  readonly recoveries: readonly SectorDeclaration[];
  /** The last epoch at which it is of use to all that it names. */
  readonly until: Epoch;
}

/**
 * Which faults to declare recovered now: those whose files were read and found good, in the deadlines given, as long as
 * the message can execute before their cutoff. `margin` is how many epochs a message may need. The most urgent deadline
 * comes first, and each has messages of its own, so that none is held up by one that is late.
 */
export function planRecoveries(
  deadlines: readonly DeadlineTimes[],
  states: readonly DeadlineState[],
  head: Epoch,
  readable: BitField,
  margin: Epoch,
): RecoveryPlan[] {
  return deadlines
    .filter(({ faultCutoff }) => head + margin < faultCutoff)
    .sort((a, b) => a.faultCutoff - b.faultCutoff)
    .flatMap((deadline) => {
      const declared = (states[deadline.index]?.partitions ?? []).flatMap((partition, index) => {
        const { faultySectors, recoveringSectors } = partition;
        const sectors = faultySectors.subtract(recoveringSectors).intersect(readable);
        return sectors.size > 0 ? [{ deadline: deadline.index, partition: index, sectors }] : [];
      });
      return withinLimits(declared).map((recoveries) => ({ recoveries, until: deadline.faultCutoff - 1 }));
    });
}

/** A partition has less than the limit of sectors, so it is never split. */
function withinLimits(declarations: readonly SectorDeclaration[]): SectorDeclaration[][] {
  const messages: SectorDeclaration[][] = [];
  let sectors = 0;
  for (const declaration of declarations) {
    const last = messages.at(-1);
    const fits =
      last !== undefined &&
      last.length < DECLARATION_LIMITS.partitions &&
      sectors + declaration.sectors.size <= DECLARATION_LIMITS.sectors;
    if (fits) last.push(declaration);
    else messages.push([declaration]);
    sectors = (fits ? sectors : 0) + declaration.sectors.size;
  }
  return messages;
}

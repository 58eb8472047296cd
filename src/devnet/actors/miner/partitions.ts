import { BitField } from '#codec';
import type { Bytes, Epoch } from '#core';
import { NO_POWER, type Partition, type PersistentMap, type Power, type Sector } from '../../state/index.ts';
import { illegalArgument } from '../actor-error.ts';
import { minus, plus, powerOf } from './power.ts';

/**
 * What a partition's changes depend on beside itself. Power that comes or goes is always that of active sectors:
 * proven, not faulty, not terminated. Source of all of this: builtin-actors `partition_state.rs`, whose expiration
 * queue is here the sectors' own expirations and the early ones of faulty sectors.
 */
export interface PartitionTerms {
  readonly size: Bytes;
  readonly sectors: PersistentMap<Sector>;
  /** The first end of the partition's deadline at or after an epoch. */
  quantize(epoch: Epoch): Epoch;
}

export interface PartitionChange {
  readonly partition: Partition;
  readonly power: Power;
}

export function liveSectors(partition: Partition): BitField {
  return partition.sectors.subtract(partition.terminated);
}

export function activeSectors(partition: Partition): BitField {
  return liveSectors(partition).subtract(partition.faults).subtract(partition.unproven);
}

export function requireContained(partition: Partition, numbers: BitField, words: string): void {
  if (numbers.subtract(partition.sectors).size > 0) throw illegalArgument(words);
}

/** Sectors become faulty; recoveries among them are taken back; what is faulty or terminated stays so. */
export function withFaults(
  partition: Partition,
  numbers: BitField,
  faultExpiration: Epoch,
  terms: PartitionTerms,
): PartitionChange {
  const added = numbers.subtract(partition.terminated).subtract(partition.faults);
  const lost = added.subtract(partition.unproven);
  return {
    partition: {
      ...partition,
      faults: partition.faults.union(added),
      recoveries: partition.recoveries.subtract(numbers),
      unproven: partition.unproven.subtract(added),
      earlyExpirations: withEarly(partition.earlyExpirations, added, faultExpiration, terms),
    },
    power: minus(NO_POWER, powerOf(terms.size, terms.sectors, lost)),
  };
}

/** Source: `reschedule_as_faults`: a sector that expires before its fault would end it keeps its time. */
function withEarly(
  early: PersistentMap<BitField>,
  faulty: BitField,
  faultExpiration: Epoch,
  { sectors, quantize }: PartitionTerms,
): PersistentMap<BitField> {
  const end = quantize(faultExpiration);
  const rescheduled = [...faulty].filter((number) => quantize(sectors.get(number)?.expiration ?? 0) > end);
  if (rescheduled.length === 0) return early;
  return early.set(end, (early.get(end) ?? BitField.empty).union(BitField.of(rescheduled)));
}

function withoutEarly(early: PersistentMap<BitField>, numbers: BitField): PersistentMap<BitField> {
  let rest = early;
  for (const [epoch, faulty] of early.entries()) {
    const left = faulty.subtract(numbers);
    if (left.size === faulty.size) continue;
    rest = left.size === 0 ? rest.delete(epoch) : rest.set(epoch, left);
  }
  return rest;
}

/** A proof was sent: what was declared recovered is no longer faulty, what was unproven has power. */
export function proven(partition: Partition, terms: PartitionTerms) {
  const { recoveries, unproven } = partition;
  const recovered = powerOf(terms.size, terms.sectors, recoveries);
  return {
    partition: {
      ...partition,
      faults: partition.faults.subtract(recoveries),
      recoveries: BitField.empty,
      unproven: BitField.empty,
      earlyExpirations: withoutEarly(partition.earlyExpirations, recoveries),
    },
    recovered,
    activated: powerOf(terms.size, terms.sectors, unproven),
  };
}

/** No proof came: every live sector is faulty. Source: `record_missed_post`. */
export function missed(partition: Partition, faultExpiration: Epoch, terms: PartitionTerms): PartitionChange {
  return withFaults(partition, liveSectors(partition), faultExpiration, terms);
}

/** Source: `declare_faults_recovered`: what is not faulty is left alone. */
export function withRecoveries(partition: Partition, numbers: BitField): Partition {
  return { ...partition, recoveries: partition.recoveries.union(numbers.intersect(partition.faults)) };
}

/** @throws ActorError for sectors that are not live */
export function terminated(partition: Partition, numbers: BitField, terms: PartitionTerms): PartitionChange {
  if (numbers.subtract(liveSectors(partition)).size > 0)
    throw illegalArgument('can only terminate live sectors');
  return without(partition, numbers, terms);
}

function without(partition: Partition, numbers: BitField, terms: PartitionTerms): PartitionChange {
  const lost = activeSectors(partition).intersect(numbers);
  return {
    partition: {
      ...partition,
      faults: partition.faults.subtract(numbers),
      recoveries: partition.recoveries.subtract(numbers),
      unproven: partition.unproven.subtract(numbers),
      terminated: partition.terminated.union(numbers),
      earlyExpirations: withoutEarly(partition.earlyExpirations, numbers),
    },
    power: minus(NO_POWER, powerOf(terms.size, terms.sectors, lost)),
  };
}

export interface Expired extends PartitionChange {
  readonly onTime: BitField;
  /** Faulty for too long. */
  readonly early: BitField;
}

/** At a deadline's end, after its proofs were looked at. Source: `pop_expired_sectors`. */
export function expired(partition: Partition, until: Epoch, terms: PartitionTerms): Expired {
  const early = unionOf(
    [...partition.earlyExpirations.entries()].flatMap(([epoch, faulty]) => (epoch <= until ? [faulty] : [])),
  );
  const scheduled = unionOf([...partition.earlyExpirations.values()]);
  const onTime = BitField.of(
    [...liveSectors(partition).subtract(scheduled)].filter(
      (number) => terms.quantize(terms.sectors.get(number)?.expiration ?? 0) <= until,
    ),
  );
  return { ...without(partition, onTime.union(early), terms), onTime, early };
}

export function unionOf(fields: readonly BitField[]): BitField {
  return BitField.ofRanges(fields.flatMap(({ ranges }) => ranges));
}

/** The sum of several changes' power. */
export function sumOf(powers: readonly Power[]): Power {
  return powers.reduce(plus, NO_POWER);
}

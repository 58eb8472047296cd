import { addressToBytes, blake2b256, concatBytes, encodeAs, schema } from '#codec';
import type { AddressString, Epoch } from '#core';
import { type NetworkPolicy, provingPeriod } from '../../policy.ts';

/** One deadline in one proving period. Source: builtin-actors `actors/miner/src/deadline_info.rs`. */
export interface DeadlineInfo {
  readonly currentEpoch: Epoch;
  readonly periodStart: Epoch;
  readonly index: number;
  readonly open: Epoch;
  /** First epoch after the deadline. */
  readonly close: Epoch;
  readonly challenge: Epoch;
  readonly faultCutoff: Epoch;
}

export function deadlineInfo(
  policy: NetworkPolicy,
  periodStart: Epoch,
  index: number,
  currentEpoch: Epoch,
): DeadlineInfo {
  const open = periodStart + index * policy.wPoStChallengeWindow;
  return {
    currentEpoch,
    periodStart,
    index,
    open,
    close: open + policy.wPoStChallengeWindow,
    challenge: open - policy.wPoStChallengeLookback,
    faultCutoff: open - policy.faultDeclarationCutoff,
  };
}

/** The same deadline in the first period in which it is not over yet. */
export function nextNotElapsed(policy: NetworkPolicy, info: DeadlineInfo): DeadlineInfo {
  if (info.currentEpoch < info.close) return info;
  const gap = info.currentEpoch - info.close;
  const periods = 1 + Math.floor(gap / provingPeriod(policy));
  const start = info.periodStart + periods * provingPeriod(policy);
  return deadlineInfo(policy, start, info.index, info.currentEpoch);
}

/** The period that holds `epoch`, given any period's start. */
export function periodStartAt(policy: NetworkPolicy, offset: Epoch, epoch: Epoch): Epoch {
  const period = provingPeriod(policy);
  return offset + Math.floor((epoch - offset) / period) * period;
}

export function deadlineIndexAt(policy: NetworkPolicy, periodStart: Epoch, epoch: Epoch): number {
  return Math.floor((epoch - periodStart) / policy.wPoStChallengeWindow);
}

/** A deadline may change until one challenge window before it opens. Source: `deadline_is_mutable`. */
export function isDeadlineMutable(
  policy: NetworkPolicy,
  periodStart: Epoch,
  index: number,
  epoch: Epoch,
): boolean {
  const next = nextNotElapsed(policy, deadlineInfo(policy, periodStart, index, epoch));
  return epoch < next.open - policy.wPoStChallengeWindow;
}

/** Where in the proving period a new miner's periods begin. Source: `assign_proving_period_offset`. */
export function provingPeriodOffset(policy: NetworkPolicy, miner: AddressString, epoch: Epoch): Epoch {
  const now = new Uint8Array(8);
  new DataView(now.buffer).setBigInt64(0, BigInt(epoch));
  const digest = blake2b256(concatBytes(encodeAs(schema.bytes, addressToBytes(miner), 'address'), now));
  const drawn = new DataView(digest.buffer, digest.byteOffset).getBigUint64(0);
  return Number(drawn % BigInt(provingPeriod(policy)));
}

/** The close of the deadline in which `epoch` falls, or `epoch` itself on a boundary. Source: `QuantSpec`. */
export function quantizeToDeadlineEnd(policy: NetworkPolicy, periodStart: Epoch, epoch: Epoch): Epoch {
  return quantizeUp(policy.wPoStChallengeWindow, periodStart, epoch);
}

function quantizeUp(unit: Epoch, anyMultiple: Epoch, epoch: Epoch): Epoch {
  const offset = ((anyMultiple % unit) + unit) % unit;
  return Math.ceil((epoch - offset) / unit) * unit + offset;
}

/** The first end of this deadline (its last epoch) at or after `epoch`. Source: `quant_spec_for_deadline`. */
export function nextDeadlineEnd(
  policy: NetworkPolicy,
  periodStart: Epoch,
  index: number,
  epoch: Epoch,
): Epoch {
  const { close } = deadlineInfo(policy, periodStart, index, epoch);
  return quantizeUp(provingPeriod(policy), close - 1, epoch);
}

/** The miner's deadline at `epoch`, by the epoch: without an active cron its state stands still. */
export function currentDeadline(policy: NetworkPolicy, offset: Epoch, epoch: Epoch): DeadlineInfo {
  const start = periodStartAt(policy, offset, epoch);
  return deadlineInfo(policy, start, deadlineIndexAt(policy, start, epoch), epoch);
}

/**
 * Unverified proofs may be disputed from the deadline's end on, until its partitions may be compacted.
 * Source: `deadline_available_for_optimistic_post_dispute`.
 */
export function isDisputable(
  policy: NetworkPolicy,
  periodStart: Epoch,
  index: number,
  epoch: Epoch,
): boolean {
  const next = nextNotElapsed(policy, deadlineInfo(policy, periodStart, index, epoch));
  return epoch < next.open && epoch < next.close - provingPeriod(policy) + policy.wPoStDisputeWindow;
}

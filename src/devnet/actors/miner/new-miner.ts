import { BitField } from '#codec';
import type { AddressString, Epoch } from '#core';
import { type NetworkPolicy, provingPeriod } from '../../policy.ts';
import {
  type Deadline,
  type DisputeSnapshot,
  type MinerInfo,
  type MinerState,
  NO_POWER,
  PersistentMap,
} from '../../state/index.ts';
import { deadlineIndexAt, periodStartAt, provingPeriodOffset } from './deadlines.ts';

/** Nothing to dispute. */
export const NO_SNAPSHOT: DisputeSnapshot = {
  posts: PersistentMap.empty(),
  partitions: [],
  sectors: PersistentMap.empty(),
};

const EMPTY_DEADLINE: Deadline = {
  partitions: [],
  partitionsPoSted: BitField.empty,
  posts: [],
  disputable: NO_SNAPSHOT,
  liveSectors: 0,
  totalSectors: 0,
  dailyFee: 0n,
};

/** The state of a miner constructed at `epoch`. `address` draws its period's offset. Source: miner `constructor`. */
export function newMiner(
  policy: NetworkPolicy,
  address: AddressString,
  epoch: Epoch,
  info: MinerInfo,
): MinerState {
  const offset = provingPeriodOffset(policy, address, epoch);
  const start = periodStartAt(policy, offset - provingPeriod(policy), epoch);
  return {
    info,
    preCommitDeposits: 0n,
    lockedFunds: 0n,
    initialPledge: 0n,
    feeDebt: 0n,
    provingPeriodStart: start,
    currentDeadline: deadlineIndexAt(policy, start, epoch),
    deadlineCronActive: false,
    allocatedSectors: BitField.empty,
    preCommits: PersistentMap.empty(),
    preCommitCleanUps: PersistentMap.empty(),
    sectors: PersistentMap.empty(),
    deadlines: Array.from({ length: policy.wPoStPeriodDeadlines }, () => EMPTY_DEADLINE),
    power: NO_POWER,
  };
}

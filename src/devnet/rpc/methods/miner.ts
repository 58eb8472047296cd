import { BitField, idAddress, type SectorPreCommitInfo } from '#codec';
import { type ActorId, type AddressString, type CidString, type SectorNumber, sealProofById } from '#core';
import { createMinerDeposit, initialPledge, preCommitDeposit } from '../../actors/economy.ts';
import { deadlineInfo, nextNotElapsed, quantizeToDeadlineEnd } from '../../actors/miner/deadlines.ts';
import { availableBalance } from '../../actors/miner/funds.ts';
import { LotusError } from '../../lotus-error.ts';
import { provingPeriod } from '../../policy.ts';
import {
  type MinerState,
  miners,
  NO_POWER,
  type Partition,
  type Sector,
  totalPower,
} from '../../state/index.ts';
import { minerActorOf, type RpcContext, stateOf, tipSetOf } from '../context.ts';
import { defineHandlers } from '../handlers.ts';
import { peerIdText } from './peer-id.ts';

const id = (actor: ActorId): AddressString => idAddress(actor, 't');

function shownSector(sector: Sector) {
  const { number, ...rest } = sector;
  return { ...rest, sectorNumber: number, sectorKeyCid: null, flags: SIMPLE_QA_POWER };
}

/** Every sector of today carries this flag. Source: builtin-actors `SectorOnChainInfoFlags`. */
const SIMPLE_QA_POWER = 1;

function partitions(miner: MinerState): Partition[] {
  return miner.deadlines.flatMap((deadline) => deadline.partitions);
}

function live(partition: Partition): BitField {
  return partition.sectors.subtract(partition.terminated);
}

function active(partition: Partition): BitField {
  return live(partition).subtract(partition.faults).subtract(partition.unproven);
}

function unionOf(miner: MinerState, of: (partition: Partition) => BitField): BitField {
  return BitField.ofRanges(partitions(miner).flatMap((partition) => of(partition).ranges));
}

/** Where a sector is due. @throws LotusError */
function locate(miner: MinerState, number: SectorNumber): { deadline: number; partition: number } {
  for (const [deadline, { partitions: own }] of miner.deadlines.entries())
    for (const [partition, { sectors }] of own.entries())
      if (sectors.has(number)) return { deadline, partition };
  throw new LotusError(`sector ${number} not due at any deadline`);
}

/** The API answers a tenth more than the chain asks, for it may ask more by then. Source: Lotus `state.go`. */
function withMargin(amount: bigint): bigint {
  return (amount * 110n) / 100n;
}

function sizeOf(info: SectorPreCommitInfo): number {
  const proof = sealProofById(info.sealProof);
  if (!proof)
    throw new LotusError(
      `failed to resolve sector size for seal proof: unsupported proof type: ${info.sealProof}`,
    );
  return proof.bytes;
}

function networkPower(context: RpcContext, key: readonly CidString[]): bigint {
  return totalPower(stateOf(context, key)).qualityAdjPower;
}

function sectorOf(
  context: RpcContext,
  address: AddressString,
  number: SectorNumber,
  key: readonly CidString[],
) {
  return minerActorOf(context, address, key).miner.sectors.get(number);
}

export const MINER_HANDLERS = defineHandlers({
  StateListMiners: (context, key) => miners(stateOf(context, key)).map((actor) => id(actor.id)),
  StateMinerInfo: (context, address, key) => {
    const { info } = minerActorOf(context, address, key).miner;
    return {
      owner: id(info.owner),
      worker: id(info.worker),
      newWorker: info.pendingWorker ? id(info.pendingWorker.worker) : null,
      controlAddresses: info.controlAddresses.map(id),
      workerChangeEpoch: info.pendingWorker?.effectiveAt ?? -1,
      peerId: info.peerId.length === 0 ? null : peerIdText(info.peerId),
      multiaddrs: info.multiaddrs,
      windowPoStProofType: info.windowPoStProof,
      sectorSize: info.sectorSize,
      windowPoStPartitionSectors: info.partitionSectors,
      consensusFaultElapsed: info.consensusFaultElapsed ?? -1,
      pendingOwnerAddress: null,
      beneficiary: id(info.owner),
      beneficiaryTerm: { quota: 0n, usedQuota: 0n, expiration: 0 },
      pendingBeneficiaryTerm: null,
    };
  },
  StateMinerPower: (context, address, key) => {
    const state = stateOf(context, key);
    const minerPower = minerActorOf(context, address, key).miner.power;
    // On a network this small any power suffices to mine.
    return {
      minerPower,
      totalPower: totalPower(state),
      hasMinPower: minerPower.qualityAdjPower > NO_POWER.qualityAdjPower,
    };
  },
  StateMinerAvailableBalance: (context, address, key) => {
    const { miner, balance } = minerActorOf(context, address, key);
    return availableBalance(miner, balance);
  },
  StateMinerProvingDeadline: (context, address, key) => {
    const { policy } = context.chain.options.terms;
    const { miner } = minerActorOf(context, address, key);
    const { height } = tipSetOf(context, key);
    const info = deadlineInfo(policy, miner.provingPeriodStart, miner.currentDeadline, height);
    return {
      ...nextNotElapsed(policy, info),
      wPoStPeriodDeadlines: policy.wPoStPeriodDeadlines,
      wPoStProvingPeriod: provingPeriod(policy),
      wPoStChallengeWindow: policy.wPoStChallengeWindow,
      wPoStChallengeLookback: policy.wPoStChallengeLookback,
      faultDeclarationCutoff: policy.faultDeclarationCutoff,
    };
  },
  StateMinerDeadlines: (context, address, key) =>
    minerActorOf(context, address, key).miner.deadlines.map((deadline) => ({
      postSubmissions: deadline.partitionsPoSted,
      disputableProofCount: 0,
      dailyFee: deadline.dailyFee,
    })),
  StateMinerPartitions: (context, address, index, key) => {
    const deadline = minerActorOf(context, address, key).miner.deadlines[index];
    if (!deadline) throw new LotusError(`failed to load the deadline: invalid deadline ${index}`);
    return deadline.partitions.map((partition) => ({
      allSectors: partition.sectors,
      faultySectors: partition.faults,
      recoveringSectors: partition.recoveries,
      liveSectors: live(partition),
      activeSectors: active(partition),
    }));
  },
  StateMinerFaults: (context, address, key) =>
    unionOf(minerActorOf(context, address, key).miner, ({ faults }) => faults),
  StateMinerRecoveries: (context, address, key) =>
    unionOf(minerActorOf(context, address, key).miner, ({ recoveries }) => recoveries),
  StateMinerSectorCount: (context, address, key) => {
    const { miner } = minerActorOf(context, address, key);
    return {
      live: unionOf(miner, live).size,
      active: unionOf(miner, active).size,
      faulty: unionOf(miner, ({ faults }) => faults).size,
    };
  },
  StateMinerSectors: (context, address, wanted, key) =>
    [...minerActorOf(context, address, key).miner.sectors.values()]
      .filter(({ number }) => wanted === null || wanted.has(number))
      .map(shownSector),
  StateMinerActiveSectors: (context, address, key) => {
    const { miner } = minerActorOf(context, address, key);
    const proven = unionOf(miner, active);
    return [...miner.sectors.values()].filter(({ number }) => proven.has(number)).map(shownSector);
  },
  StateMinerAllocated: (context, address, key) => minerActorOf(context, address, key).miner.allocatedSectors,
  StateMinerSectorAllocated: (context, address, number, key) =>
    minerActorOf(context, address, key).miner.allocatedSectors.has(number),
  StateSectorPreCommitInfo: (context, address, number, key) => {
    const preCommit = minerActorOf(context, address, key).miner.preCommits.get(number);
    return preCommit
      ? { info: preCommit.info, preCommitDeposit: preCommit.deposit, preCommitEpoch: preCommit.epoch }
      : null;
  },
  StateSectorGetInfo: (context, address, number, key) => {
    const sector = sectorOf(context, address, number, key);
    return sector ? shownSector(sector) : null;
  },
  StateSectorExpiration: (context, address, number, key) => {
    const { policy } = context.chain.options.terms;
    const { miner } = minerActorOf(context, address, key);
    const sector = miner.sectors.get(number);
    const { deadline } = locate(miner, number);
    if (!sector) throw new LotusError(`sector ${number} not due at any deadline`);
    const close = deadlineInfo(policy, miner.provingPeriodStart, deadline, 0).close;
    const period = { ...policy, wPoStChallengeWindow: provingPeriod(policy) };
    return { onTime: quantizeToDeadlineEnd(period, close - 1, sector.expiration), early: 0 };
  },
  StateSectorPartition: (context, address, number, key) =>
    locate(minerActorOf(context, address, key).miner, number),
  StateMinerPreCommitDepositForPower: (context, _address, info, key) =>
    withMargin(
      preCommitDeposit(context.chain.options.terms.economy, sizeOf(info), networkPower(context, key)),
    ),
  StateMinerInitialPledgeCollateral: (context, _address, info, key) =>
    withMargin(
      initialPledge(context.chain.options.terms.economy, BigInt(sizeOf(info)), networkPower(context, key)),
    ),
  StateMinerInitialPledgeForSector: (context, duration, size, verified, key) => {
    if (duration <= 0) throw new LotusError('sector duration must greater than 0');
    if (size === 0) throw new LotusError('sector size must be non-zero');
    if (verified > size) throw new LotusError('verified size must be less than or equal to sector size');
    const power = BigInt(size) + 9n * BigInt(verified);
    return withMargin(initialPledge(context.chain.options.terms.economy, power, networkPower(context, key)));
  },
  StateMinerCreationDeposit: (context, key) =>
    createMinerDeposit(context.chain.options.terms.economy, networkPower(context, key)),
  /** As for a miner without power: the chain makes its own blocks, and nobody else wins any. */
  MinerGetBaseInfo: () => null,
});

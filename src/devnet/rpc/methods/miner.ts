import { type BitField, idAddress, type SectorPreCommitInfo } from '#codec';
import {
  type ActorId,
  type AddressString,
  type CidString,
  type Epoch,
  type SectorNumber,
  sealProofById,
} from '#core';
import { createMinerDeposit, initialPledge, preCommitDeposit } from '../../actors/economy.ts';
import { deadlineInfo, nextDeadlineEnd, nextNotElapsed } from '../../actors/miner/deadlines.ts';
import { availableBalance } from '../../actors/miner/funds.ts';
import { activeSectors, liveSectors, unionOf } from '../../actors/miner/partitions.ts';
import { LotusError } from '../../lotus-error.ts';
import { type NetworkPolicy, provingPeriod } from '../../policy.ts';
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

function allOf(miner: MinerState, of: (partition: Partition) => BitField): BitField {
  return unionOf(partitions(miner).map(of));
}

/**
 * The end of the deadline at which a live sector expires, and in its place the earlier one of a sector that was faulty
 * for too long by then. Source: Lotus `miner.State.GetSectorExpiration`.
 */
function expirationOf(
  policy: NetworkPolicy,
  miner: MinerState,
  number: SectorNumber,
): { onTime: Epoch; early: Epoch } {
  for (const [index, { partitions: own }] of miner.deadlines.entries())
    for (const partition of own) {
      if (!liveSectors(partition).has(number)) continue;
      for (const [epoch, early] of partition.earlyExpirations.entries())
        if (early.has(number)) return { onTime: 0, early: epoch };
      const expiration = miner.sectors.get(number)?.expiration ?? 0;
      return { onTime: nextDeadlineEnd(policy, miner.provingPeriodStart, index, expiration), early: 0 };
    }
  throw new LotusError(`failed to find sector ${number}`);
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
      disputableProofCount: deadline.disputable.posts.size,
      dailyFee: deadline.dailyFee,
    })),
  StateMinerPartitions: (context, address, index, key) => {
    const deadline = minerActorOf(context, address, key).miner.deadlines[index];
    if (!deadline) throw new LotusError(`failed to load the deadline: invalid deadline ${index}`);
    return deadline.partitions.map((partition) => ({
      allSectors: partition.sectors,
      faultySectors: partition.faults,
      recoveringSectors: partition.recoveries,
      liveSectors: liveSectors(partition),
      activeSectors: activeSectors(partition),
    }));
  },
  StateMinerFaults: (context, address, key) =>
    allOf(minerActorOf(context, address, key).miner, ({ faults }) => faults),
  StateMinerRecoveries: (context, address, key) =>
    allOf(minerActorOf(context, address, key).miner, ({ recoveries }) => recoveries),
  StateMinerSectorCount: (context, address, key) => {
    const { miner } = minerActorOf(context, address, key);
    return {
      live: allOf(miner, liveSectors).size,
      active: allOf(miner, activeSectors).size,
      faulty: allOf(miner, ({ faults }) => faults).size,
    };
  },
  StateMinerSectors: (context, address, wanted, key) =>
    [...minerActorOf(context, address, key).miner.sectors.values()]
      .filter(({ number }) => wanted === null || wanted.has(number))
      .map(shownSector),
  StateMinerActiveSectors: (context, address, key) => {
    const { miner } = minerActorOf(context, address, key);
    const proven = allOf(miner, activeSectors);
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
  StateSectorExpiration: (context, address, number, key) =>
    expirationOf(context.chain.options.terms.policy, minerActorOf(context, address, key).miner, number),
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

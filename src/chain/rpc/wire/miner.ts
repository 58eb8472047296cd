import { z } from 'zod';
import type { SectorPreCommitInfo } from '#codec';
import { lotusObject } from './lotus-object.ts';
import {
  address,
  bigInt,
  bitField,
  bytes,
  cid,
  epoch,
  int,
  list,
  listOrNull,
  optionalAddress,
  uint,
} from './primitives.ts';
import { beaconEntry } from './tipset.ts';

export const minerInfo = lotusObject({
  owner: address,
  worker: address,
  newWorker: optionalAddress,
  controlAddresses: listOrNull(address),
  workerChangeEpoch: epoch,
  peerId: z.string().nullable(),
  multiaddrs: listOrNull(bytes),
  windowPoStProofType: int,
  /** Bytes. */
  sectorSize: uint,
  windowPoStPartitionSectors: uint,
  /** −1: no consensus fault. */
  consensusFaultElapsed: epoch,
  pendingOwnerAddress: address.nullable(),
  beneficiary: address,
  beneficiaryTerm: lotusObject({ quota: bigInt, usedQuota: bigInt, expiration: epoch }).nullable(),
  pendingBeneficiaryTerm: lotusObject({
    newBeneficiary: address,
    newQuota: bigInt,
    newExpiration: epoch,
    approvedByBeneficiary: z.boolean(),
    approvedByNominee: z.boolean(),
  }).nullable(),
});

export const provingDeadline = lotusObject({
  currentEpoch: epoch,
  periodStart: epoch,
  index: uint,
  open: epoch,
  close: epoch,
  challenge: epoch,
  faultCutoff: epoch,
  wPoStPeriodDeadlines: uint,
  wPoStProvingPeriod: uint,
  wPoStChallengeWindow: uint,
  wPoStChallengeLookback: uint,
  faultDeclarationCutoff: uint,
});

export const deadline = lotusObject({
  postSubmissions: bitField,
  disputableProofCount: uint,
  dailyFee: bigInt,
});

export const partition = lotusObject({
  allSectors: bitField,
  faultySectors: bitField,
  recoveringSectors: bitField,
  liveSectors: bitField,
  activeSectors: bitField,
});

const power = lotusObject({ rawBytePower: bigInt, qualityAdjPower: bigInt });
export const minerPower = lotusObject({ minerPower: power, totalPower: power, hasMinPower: z.boolean() });

export const sectorCount = lotusObject({ live: uint, active: uint, faulty: uint });

export const sectorInfo = lotusObject(
  {
    sectorNumber: uint,
    sealProof: int,
    sealedCid: cid,
    activation: epoch,
    expiration: epoch,
    dealWeight: bigInt,
    verifiedDealWeight: bigInt,
    initialPledge: bigInt,
    powerBaseEpoch: epoch,
    /** The CommR before a replica update. */
    sectorKeyCid: cid.nullable(),
    flags: uint,
    dailyFee: bigInt,
  },
  { sealedCid: 'SealedCID', sectorKeyCid: 'SectorKeyCID' },
  { ExpectedDayReward: null, ExpectedStoragePledge: null, ReplacedDayReward: null },
);

export const preCommitInfo: z.ZodType<SectorPreCommitInfo> = lotusObject(
  {
    sealProof: uint,
    sectorNumber: uint,
    sealedCid: cid,
    sealRandEpoch: epoch,
    dealIds: listOrNull(uint),
    expiration: epoch,
    unsealedCid: cid.nullable(),
  },
  { sealedCid: 'SealedCID', dealIds: 'DealIDs' },
);

export const preCommitOnChain = lotusObject({
  info: preCommitInfo,
  preCommitDeposit: bigInt,
  preCommitEpoch: epoch,
});

export const sectorExpiration = lotusObject({ onTime: epoch, early: epoch });
export const sectorLocation = lotusObject({ deadline: uint, partition: uint });

/** What a miner needs to try to win a block; `sectors` are those to prove. */
export const miningBaseInfo = lotusObject({
  minerPower: bigInt,
  networkPower: bigInt,
  sectors: list(
    lotusObject(
      { sealProof: int, sectorNumber: uint, sectorKey: cid.nullable(), sealedCid: cid },
      { sealedCid: 'SealedCID' },
    ),
  ),
  workerKey: address,
  sectorSize: uint,
  prevBeaconEntry: beaconEntry,
  beaconEntries: listOrNull(beaconEntry),
  eligibleForMining: z.boolean(),
});

export type MinerInfo = z.output<typeof minerInfo>;
export type ProvingDeadline = z.output<typeof provingDeadline>;
export type Deadline = z.output<typeof deadline>;
export type Partition = z.output<typeof partition>;
export type MinerPower = z.output<typeof minerPower>;
export type SectorInfo = z.output<typeof sectorInfo>;
export type PreCommitOnChain = z.output<typeof preCommitOnChain>;
export type SectorLocation = z.output<typeof sectorLocation>;
export type MiningBaseInfo = z.output<typeof miningBaseInfo>;

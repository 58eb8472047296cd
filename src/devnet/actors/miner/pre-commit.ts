import {
  BitField,
  type PreCommitSectorBatch2Params,
  type SectorPreCommitInfo,
  sealedCommitment,
  unsealedCommitment,
} from '#codec';
import { type CidString, type Epoch, isBeeproError, sealProofById } from '#core';
import { maxProveCommitDuration, type NetworkPolicy } from '../../policy.ts';
import { type MinerState, type PreCommit, totalPower } from '../../state/index.ts';
import { ActorError, EXIT, forbidden, illegalArgument, printBitField, printFil } from '../actor-error.ts';
import { preCommitDeposit } from '../economy.ts';
import type { Invocation, Runtime } from '../runtime.ts';
import { refuseDuringFault } from './account.ts';
import { quantizeToDeadlineEnd } from './deadlines.ts';
import { availableBalance, checkBalanceInvariants, minerOf, repayDebt, requireControl } from './funds.ts';

/** All or nothing; returns nothing. Source: builtin-actors `pre_commit_sector_batch_inner`. */
export function preCommitSectorBatch2(
  runtime: Runtime,
  call: Invocation,
  params: PreCommitSectorBatch2Params,
): void {
  const { policy, epoch, economy } = runtime.env;
  runtime.batch = { sectors: params.sectors.length, proofs: 0 };
  if (params.sectors.length === 0) throw illegalArgument('batch empty');
  const seen = new Set<number>();
  for (const sector of params.sectors) {
    if (seen.has(sector.sectorNumber))
      throw illegalArgument(`duplicate sector number ${sector.sectorNumber}`);
    seen.add(sector.sectorNumber);
    validateSector(policy, epoch, sector);
  }
  const balance = runtime.actor(call.receiver).balance;
  const before = minerOf(runtime, call.receiver);
  const available = availableBalance(before, balance);
  const { miner, burn } = repayDebt(before, balance);
  requireControl(miner, call.caller);
  refuseDuringFault(miner.info, epoch, 'pre-commit');

  const deposit = preCommitDeposit(economy, miner.info.sectorSize, totalPower(runtime.state).qualityAdjPower);
  for (const sector of params.sectors) validateForMiner(sector, miner);
  const total = deposit * BigInt(params.sectors.length);
  if (available < total)
    throw new ActorError(
      EXIT.userInsufficientFunds,
      `insufficient funds ${printFil(available)} for pre-commit deposit: ${printFil(total)}`,
    );
  const numbers = BitField.of(seen);
  const collisions = miner.allocatedSectors.intersect(numbers);
  if (collisions.size > 0)
    throw illegalArgument(`sector numbers ${printBitField(collisions)} already allocated`);
  runtime.update(call.receiver, {
    miner: withPreCommits(policy, epoch, miner, params.sectors, deposit, numbers),
  });
  runtime.burn(call.receiver, burn);
  checkBalanceInvariants(minerOf(runtime, call.receiver), runtime.actor(call.receiver).balance);
}

function withPreCommits(
  policy: NetworkPolicy,
  epoch: Epoch,
  miner: MinerState,
  sectors: readonly SectorPreCommitInfo[],
  deposit: bigint,
  numbers: BitField,
): MinerState {
  let preCommits = miner.preCommits;
  for (const info of sectors) {
    const preCommit: PreCommit = { info, deposit, epoch };
    preCommits = preCommits.set(info.sectorNumber, preCommit);
  }
  const bound = quantizeToDeadlineEnd(
    policy,
    miner.provingPeriodStart,
    epoch + maxProveCommitDuration(policy) + policy.expiredPreCommitCleanUpDelay,
  );
  const due = miner.preCommitCleanUps.get(bound) ?? BitField.empty;
  return {
    ...miner,
    preCommits,
    preCommitDeposits: miner.preCommitDeposits + deposit * BigInt(sectors.length),
    allocatedSectors: miner.allocatedSectors.union(numbers),
    preCommitCleanUps: miner.preCommitCleanUps.set(bound, due.union(numbers)),
    deadlineCronActive: true,
  };
}

/** V1_1 and synthetic proofs of the network's sector sizes. Source: `valid_pre_commit_proof_type`. */
function isAllowedSealProof(policy: NetworkPolicy, sealProof: number): boolean {
  const proof = sealProofById(sealProof);
  return (
    proof !== undefined && proof.variant !== 'non-interactive' && policy.sectorSizes.includes(proof.size)
  );
}

function validateSector(policy: NetworkPolicy, now: Epoch, sector: SectorPreCommitInfo): void {
  if (!isAllowedSealProof(policy, sector.sealProof))
    throw illegalArgument(`unsupported seal proof type ${sector.sealProof}`);
  if (!isCommitment(sealedCommitment, sector.sealedCid)) throw illegalArgument('sealed CID had wrong prefix');
  if (sector.sealRandEpoch >= now)
    throw illegalArgument(`seal challenge epoch ${sector.sealRandEpoch} must be before now ${now}`);
  const earliest = now - policy.maxPreCommitRandomnessLookback;
  if (sector.sealRandEpoch < earliest)
    throw illegalArgument(`seal challenge epoch ${sector.sealRandEpoch} too old, must be after ${earliest}`);
  if (sector.unsealedCid !== null && !isCommitment(unsealedCommitment, sector.unsealedCid))
    throw illegalArgument('unsealed CID had wrong prefix');
  validateExpiration(policy, now, now + maxProveCommitDuration(policy), sector.expiration);
}

function isCommitment(read: (cid: CidString) => Uint8Array, cid: CidString): boolean {
  try {
    read(cid);
    return true;
  } catch (error) {
    if (isBeeproError(error, 'CID_MALFORMED')) return false;
    throw error;
  }
}

/** Source: `validate_expiration`. */
export function validateExpiration(
  policy: NetworkPolicy,
  now: Epoch,
  activation: Epoch,
  expiration: Epoch,
): void {
  const lifetime = expiration - activation;
  if (lifetime <= 0)
    throw illegalArgument(`sector expiration ${expiration} must be after activation ${activation}`);
  if (lifetime < policy.minSectorExpiration)
    throw illegalArgument(
      `invalid expiration ${expiration}, total sector lifetime (${lifetime}) must exceed ${policy.minSectorExpiration} after activation ${activation}`,
    );
  if (expiration > now + policy.maxSectorExpiration)
    throw illegalArgument(
      `invalid expiration ${expiration}, cannot be more than ${policy.maxSectorExpiration} past current epoch ${now}`,
    );
}

function validateForMiner(sector: SectorPreCommitInfo, miner: MinerState): void {
  const windowPost = sealProofById(sector.sealProof)?.windowPost;
  if (windowPost !== miner.info.windowPoStProof)
    throw illegalArgument(
      `sector Window PoSt proof type %d must match miner Window PoSt proof type ${windowPost} (seal proof type ${miner.info.windowPoStProof})`,
    );
  // The market actor is not here: a deal id can name no deal.
  if (sector.dealIds.length > 0) throw forbidden(`no such deal ${sector.dealIds[0]}`);
}

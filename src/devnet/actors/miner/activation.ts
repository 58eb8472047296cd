import type { PieceActivationManifest } from '#codec';
import type { ActorId } from '#core';
import { type PreCommit, type Sector, totalPower } from '../../state/index.ts';
import { ActorError, EXIT, illegalArgument, printFil } from '../actor-error.ts';
import { dailyFee, initialPledge } from '../economy.ts';
import type { Runtime } from '../runtime.ts';
import { assignSectors } from './deadline-assignment.ts';
import { isDeadlineMutable, periodStartAt } from './deadlines.ts';
import { checkBalanceInvariants, minerOf, unlockedBalance } from './funds.ts';

export interface Activation {
  readonly preCommit: PreCommit;
  readonly pieces: readonly PieceActivationManifest[];
}

/**
 * Turns proven pre-commits into sectors: deposit out, pledge in, a place in a deadline. They have no power until
 * their first window PoSt. Source: builtin-actors `activate_new_sector_infos`.
 */
export function activateSectors(runtime: Runtime, id: ActorId, activations: readonly Activation[]): void {
  const { policy, epoch } = runtime.env;
  const miner = minerOf(runtime, id);
  const added = activations.map((activation) => newSector(runtime, id, activation));
  const pledge = added.reduce((sum, sector) => sum + sector.initialPledge, 0n);
  const deposits = activations.reduce((sum, { preCommit }) => sum + preCommit.deposit, 0n);

  const start = periodStartAt(policy, miner.provingPeriodStart, epoch);
  const deadlines = assignSectors(
    miner.deadlines,
    added,
    miner.info.partitionSectors,
    policy.maxPartitionsPerDeadline,
    (index) => isDeadlineMutable(policy, start, index, epoch),
  );
  if (!deadlines)
    throw new ActorError(
      EXIT.illegalState,
      `failed to assign new sectors to deadlines: max partitions limit ${policy.maxPartitionsPerDeadline} reached for all deadlines`,
    );
  const unlocked = {
    ...miner,
    deadlines,
    sectors: added.reduce((sectors, sector) => sectors.set(sector.number, sector), miner.sectors),
    preCommits: added.reduce((rest, sector) => rest.delete(sector.number), miner.preCommits),
    preCommitDeposits: miner.preCommitDeposits - deposits,
  };
  const free = unlockedBalance(unlocked, runtime.actor(id).balance);
  if (free < pledge)
    throw new ActorError(
      EXIT.userInsufficientFunds,
      `insufficient funds for aggregate initial pledge requirement ${printFil(pledge)}, available: ${printFil(free)}`,
    );
  runtime.update(id, { miner: { ...unlocked, initialPledge: unlocked.initialPledge + pledge } });
  checkBalanceInvariants(minerOf(runtime, id), runtime.actor(id).balance);
}

function newSector(runtime: Runtime, id: ActorId, { preCommit, pieces }: Activation): Sector {
  const { policy, epoch, economy } = runtime.env;
  const { info } = preCommit;
  const duration = info.expiration - epoch;
  if (duration < policy.minSectorExpiration)
    throw illegalArgument(
      `precommit ${info.sectorNumber} has lifetime ${duration} less than minimum ${policy.minSectorExpiration}. ignoring`,
    );
  // Claims of verified data are refused with the pieces, so every byte here counts once.
  const power = BigInt(minerOf(runtime, id).info.sectorSize);
  const space = pieces.reduce((sum, piece) => sum + BigInt(piece.size), 0n);
  return {
    number: info.sectorNumber,
    sealProof: info.sealProof,
    sealedCid: info.sealedCid,
    activation: epoch,
    expiration: info.expiration,
    dealWeight: space * BigInt(duration),
    verifiedDealWeight: 0n,
    initialPledge: initialPledge(economy, power, totalPower(runtime.state).qualityAdjPower),
    powerBaseEpoch: epoch,
    dailyFee: dailyFee(economy, power),
  };
}

import { BitField, type ExpirationExtension2 } from '#codec';
import type { Epoch } from '#core';
import type { NetworkPolicy } from '../../policy.ts';
import type { MinerState, Partition, Sector } from '../../state/index.ts';
import { ActorError, EXIT, forbidden, illegalArgument, printBitField } from '../actor-error.ts';
import { dailyFee, type NetworkEconomy } from '../economy.ts';
import type { Invocation, Runtime } from '../runtime.ts';
import { minerOf, requireControl } from './funds.ts';
import { deadlineOf, notFound, withDeadline } from './miner-deadlines.ts';
import { activeSectors } from './partitions.ts';
import { minus, plus, powerOfSector } from './power.ts';
import { validateExpiration } from './pre-commit.ts';

/** Source: builtin-actors `seal_proof_sector_maximum_lifetime`, 5 years for V1_1 and synthetic proofs. */
const MAX_LIFETIME: Epoch = 5 * 365 * 2880;

/** Moves the expiration of active sectors out, in any deadline. Source: builtin-actors `extend_sector_expiration2`. */
export function extendSectorExpiration2(
  runtime: Runtime,
  call: Invocation,
  params: { readonly extensions: readonly ExpirationExtension2[] },
): undefined {
  const { policy } = runtime.env;
  for (const extension of params.extensions) validateDeclaration(policy, extension);
  let miner = minerOf(runtime, call.receiver);
  requireControl(miner, call.caller);
  let count = 0;
  for (const extension of params.extensions) {
    const numbers = extension.sectors.union(
      BitField.of(extension.sectorsWithClaims.map(({ sectorNumber }) => sectorNumber)),
    );
    count += numbers.size;
    miner = extended(runtime, miner, extension, numbers);
  }
  runtime.batch = { sectors: count, proofs: 0 };
  runtime.update(call.receiver, { miner });
  return undefined;
}

function validateDeclaration(policy: NetworkPolicy, extension: ExpirationExtension2): void {
  if (extension.deadline >= policy.wPoStPeriodDeadlines)
    throw illegalArgument(`deadline ${extension.deadline} not in range 0..${policy.wPoStPeriodDeadlines}`);
  // There are no verified claims on this chain, so whoever names one is wrong.
  for (const { sectorNumber, maintainClaims, dropClaims } of extension.sectorsWithClaims)
    if (maintainClaims.length + dropClaims.length > 0)
      throw illegalArgument(`failed to get claims for sector ${sectorNumber}: invalid claims`);
}

function extended(
  runtime: Runtime,
  miner: MinerState,
  { deadline: index, partition: partitionIndex, newExpiration }: ExpirationExtension2,
  numbers: BitField,
): MinerState {
  const { policy, epoch, economy } = runtime.env;
  const key = `PartitionKey { deadline: ${index}, partition: ${partitionIndex} }`;
  const deadline = deadlineOf(miner, index);
  const partition = deadline.partitions[partitionIndex];
  if (!partition) throw notFound(`no such partition ${key}`);
  let { sectors, power } = miner;
  let fees = 0n;
  for (const number of numbers) {
    const old = sectors.get(number);
    if (!old) throw notFound(`failed to load sectors: sector not found: ${number}`);
    const renewed = extendedSector(policy, economy, epoch, miner, old, newExpiration);
    sectors = sectors.set(number, renewed);
    fees += renewed.dailyFee - old.dailyFee;
    const size = miner.info.sectorSize;
    power = plus(power, minus(powerOfSector(size, renewed), powerOfSector(size, old)));
  }
  requireActive(partition, numbers, key);
  const changed = { ...deadline, dailyFee: deadline.dailyFee + fees };
  return { ...withDeadline(miner, index, changed), sectors, power };
}

function requireActive(partition: Partition, numbers: BitField, key: string): void {
  const active = activeSectors(partition);
  if (numbers.subtract(active).size > 0)
    throw new ActorError(
      EXIT.illegalState,
      `failed to replace sector expirations at ${key}: refusing to replace inactive sectors in ${printBitField(numbers)} (active: ${printBitField(active)})`,
    );
}

/** Source: `extend_sector_committment`, `extend_simple_qap_sector`. */
function extendedSector(
  policy: NetworkPolicy,
  economy: NetworkEconomy,
  epoch: Epoch,
  miner: MinerState,
  sector: Sector,
  expiration: Epoch,
): Sector {
  if (sector.expiration < epoch)
    throw forbidden(`cannot extend expiration for expired sector ${sector.number} at ${sector.expiration}`);
  if (expiration < sector.expiration)
    throw illegalArgument(
      `cannot reduce sector ${sector.number} expiration to ${expiration} from ${sector.expiration}`,
    );
  validateExpiration(policy, epoch, sector.activation, expiration);
  const lifetime = expiration - sector.activation;
  if (lifetime > MAX_LIFETIME)
    throw illegalArgument(
      `invalid expiration ${expiration}, total sector lifetime (${lifetime}) cannot exceed ${MAX_LIFETIME} after activation ${sector.activation}`,
    );
  if (sector.verifiedDealWeight > 0n)
    throw illegalArgument(
      `claim missing from declaration for sector ${sector.number} with non-zero verified deal weight ${sector.verifiedDealWeight}`,
    );
  const before = BigInt(sector.expiration - sector.powerBaseEpoch);
  const left = BigInt(sector.expiration - epoch);
  const renewed: Sector = {
    ...sector,
    expiration,
    powerBaseEpoch: epoch,
    dealWeight: before > 0n ? (sector.dealWeight * left) / before : sector.dealWeight,
  };
  if (sector.dailyFee > 0n) return renewed;
  const { qualityAdjPower } = powerOfSector(miner.info.sectorSize, renewed);
  return { ...renewed, dailyFee: dailyFee(economy, qualityAdjPower) };
}

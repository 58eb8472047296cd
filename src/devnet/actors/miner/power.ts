import type { BitField } from '#codec';
import type { Bytes } from '#core';
import { NO_POWER, type PersistentMap, type Power, type Sector } from '../../state/index.ts';

/** Fractional bits of a sector's quality. Source: builtin-actors `policy.rs`, `SECTOR_QUALITY_PRECISION`. */
const QUALITY_PRECISION = 20n;
const BASE_MULTIPLIER = 10n;
const VERIFIED_MULTIPLIER = 100n;

/** Source: builtin-actors `power_for_sector`, `qa_power_for_weight`. */
export function powerOfSector(size: Bytes, sector: Sector): Power {
  const raw = BigInt(size);
  const verified = sector.verifiedDealWeight;
  if (verified === 0n) return { rawBytePower: raw, qualityAdjPower: raw };
  const spaceTime = raw * BigInt(sector.expiration - sector.powerBaseEpoch);
  const weighted = (spaceTime - verified) * BASE_MULTIPLIER + verified * VERIFIED_MULTIPLIER;
  const quality = (weighted << QUALITY_PRECISION) / spaceTime / BASE_MULTIPLIER;
  return { rawBytePower: raw, qualityAdjPower: (raw * quality) >> QUALITY_PRECISION };
}

/** The power of the numbered sectors; those that are no more count nothing. */
export function powerOf(size: Bytes, sectors: PersistentMap<Sector>, numbers: BitField): Power {
  let total = NO_POWER;
  for (const number of numbers) {
    const sector = sectors.get(number);
    if (sector) total = plus(total, powerOfSector(size, sector));
  }
  return total;
}

export function plus(a: Power, b: Power): Power {
  return {
    rawBytePower: a.rawBytePower + b.rawBytePower,
    qualityAdjPower: a.qualityAdjPower + b.qualityAdjPower,
  };
}

export function minus(a: Power, b: Power): Power {
  return {
    rawBytePower: a.rawBytePower - b.rawBytePower,
    qualityAdjPower: a.qualityAdjPower - b.qualityAdjPower,
  };
}

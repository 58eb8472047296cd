import type { Bytes } from './ids.ts';

const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

export const SECTOR_SIZES = ['2KiB', '8MiB', '512MiB', '32GiB', '64GiB'] as const;
export type SectorSizeName = (typeof SECTOR_SIZES)[number];
export type SealVariant = 'interactive' | 'synthetic' | 'non-interactive';

const SIZE_BYTES: Record<SectorSizeName, Bytes> = {
  '2KiB': 2 * KiB,
  '8MiB': 8 * MiB,
  '512MiB': 512 * MiB,
  '32GiB': 32 * GiB,
  '64GiB': 64 * GiB,
};

/**
 * The registered seal proofs that actors v18 still take for new sectors: V1_1 (5–9), synthetic V1_1 (10–14)
 * and NI-PoRep (15–19); V1 (0–4) is known only to read old sectors. Source: go-state-types `abi/sector.go`.
 */
export interface SealProof {
  readonly id: number;
  readonly size: SectorSizeName;
  readonly bytes: Bytes;
  readonly variant: SealVariant;
  /** The registered PoSt proofs that go with it; window PoSt is the V1_2 (ungrindable) kind. */
  readonly winningPost: number;
  readonly windowPost: number;
  /** Sectors in a WindowPoSt partition. */
  readonly partitionSectors: number;
}

const VARIANT_BASE: Record<SealVariant, number> = { interactive: 5, synthetic: 10, 'non-interactive': 15 };
const PARTITION_SECTORS: Record<SectorSizeName, number> = {
  '2KiB': 2,
  '8MiB': 2,
  '512MiB': 2,
  '32GiB': 2349,
  '64GiB': 2300,
};

export function sectorBytes(size: SectorSizeName): Bytes {
  return SIZE_BYTES[size];
}

export function sealProof(size: SectorSizeName, variant: SealVariant): SealProof {
  const index = SECTOR_SIZES.indexOf(size);
  return {
    id: VARIANT_BASE[variant] + index,
    size,
    bytes: SIZE_BYTES[size],
    variant,
    winningPost: index,
    windowPost: 10 + index,
    partitionSectors: PARTITION_SECTORS[size],
  };
}

/** The seal proof of a registered number 5–19, or undefined for one that new sectors cannot use. */
export function sealProofById(id: number): SealProof | undefined {
  const index = (id - 5) % 5;
  const variant = (['interactive', 'synthetic', 'non-interactive'] as const)[Math.floor((id - 5) / 5)];
  const size = SECTOR_SIZES[index];
  return variant && size && Number.isInteger(id) ? sealProof(size, variant) : undefined;
}

export function sectorSizeByBytes(bytes: Bytes): SectorSizeName | undefined {
  return SECTOR_SIZES.find((size) => SIZE_BYTES[size] === bytes);
}

export function isSectorSize(text: string): text is SectorSizeName {
  return (SECTOR_SIZES as readonly string[]).includes(text);
}

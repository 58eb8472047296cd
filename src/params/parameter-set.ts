import type { Bytes, SectorSizeName } from '#core';
import type { CircuitKind } from './circuit-kind.ts';
import { CIRCUITS_VERSION, PUBLISHED_SETS, PUBLISHED_SRS, type Published } from './published.ts';

/** `srs` is the reference string of proof aggregation, one file for every sector size. */
export type ParameterKind = CircuitKind | 'srs';

export const PARAMETER_KINDS: readonly ParameterKind[] = [
  'porep',
  'winning-post',
  'window-post',
  'empty-sector-update',
  'srs',
];

/** The sector sizes whose parameters can be generated on the spot, for test networks. */
export const GENERATED_SIZES: readonly SectorSizeName[] = ['2KiB', '8MiB'];

/** One file that the proofs library reads by this name. */
export interface ParameterFile {
  readonly name: string;
  readonly kind: ParameterKind;
  /** Absent for the SRS. */
  readonly size?: SectorSizeName;
  readonly published: Published;
}

/** The files of one circuit, which come from one set-up and belong together. */
export interface ParameterSet {
  readonly kind: ParameterKind;
  readonly size?: SectorSizeName;
  readonly files: readonly ParameterFile[];
}

const SETS: readonly ParameterSet[] = [
  ...PUBLISHED_SETS.map(({ size, kind, id, params, vk }) => ({
    kind,
    size,
    files: [
      { name: `${CIRCUITS_VERSION}-${id}.params`, kind, size, published: params },
      { name: `${CIRCUITS_VERSION}-${id}.vk`, kind, size, published: vk },
    ],
  })),
  {
    kind: 'srs',
    files: [{ name: `${CIRCUITS_VERSION}-fil-inner-product-v1.srs`, kind: 'srs', published: PUBLISHED_SRS }],
  },
];

/** Every set there is, by sector size, the SRS last. */
export function allParameterSets(): readonly ParameterSet[] {
  return SETS;
}

export interface Needs {
  /** Sector sizes in use. */
  readonly sizes: readonly SectorSizeName[];
  /** Replica updates (snap deals). */
  readonly updates?: boolean;
  /** Aggregated or non-interactive proofs. */
  readonly aggregation?: boolean;
  /** Verifying keys alone suffice: this machine checks proofs and makes none. */
  readonly verifyOnly?: boolean;
}

/**
 * The files that sealing and proving sectors of these sizes takes. Interactive, synthetic and non-interactive
 * sealing share one PoRep set; non-interactive proofs are aggregates, so they need the SRS even for one sector.
 */
export function neededFiles(needs: Needs): readonly ParameterFile[] {
  return neededSets(needs)
    .flatMap((set) => set.files)
    .filter((file) => !needs.verifyOnly || !file.name.endsWith('.params'));
}

export function neededSets(needs: Needs): readonly ParameterSet[] {
  return SETS.filter((set) => {
    if (set.size === undefined) return needs.aggregation === true;
    if (!needs.sizes.includes(set.size)) return false;
    return set.kind !== 'empty-sector-update' || needs.updates === true;
  });
}

export function findParameterFile(name: string): ParameterFile | undefined {
  return SETS.flatMap((set) => set.files).find((file) => file.name === name);
}

/** The bytes of files whose size is known beforehand; the rest is told by the server when they are fetched. */
export function knownBytes(files: readonly ParameterFile[]): Bytes {
  return files.reduce((sum, file) => sum + (file.published.bytes ?? 0), 0);
}

import type { Bytes } from '#core';
import { freeSpace } from './place-pieces.ts';

export interface PackingRules {
  readonly sectorBytes: Bytes;
  readonly maxPieces: number;
}

/** A sector that collects pieces, or will. */
export interface OpenSector<S> {
  /** Undefined: a new one. */
  readonly sector: S | undefined;
  readonly paddedSizes: readonly Bytes[];
}

export interface PackingPlan<S, P> {
  readonly sector: S | undefined;
  readonly add: readonly P[];
}

/**
 * Which sector each waiting piece goes to: the first that has room, in the order given, else a new one. Pieces that
 * fit no sector at all are left out. Pure: whoever calls it holds the locks.
 */
export function planPacking<S, P extends { readonly paddedSize: Bytes }>(
  open: readonly OpenSector<S>[],
  pieces: readonly P[],
  rules: PackingRules,
): PackingPlan<S, P>[] {
  const bins = open.map(({ sector, paddedSizes }) => ({ sector, sizes: [...paddedSizes], add: [] as P[] }));
  for (const piece of pieces) {
    if (piece.paddedSize > rules.sectorBytes) continue;
    let bin = bins.find((candidate) => hasRoom(candidate.sizes, piece.paddedSize, rules));
    if (!bin) {
      bin = { sector: undefined, sizes: [], add: [] };
      bins.push(bin);
    }
    bin.sizes.push(piece.paddedSize);
    bin.add.push(piece);
  }
  return bins.filter((bin) => bin.add.length > 0).map(({ sector, add }) => ({ sector, add }));
}

function hasRoom(sizes: readonly Bytes[], size: Bytes, rules: PackingRules): boolean {
  return sizes.length < rules.maxPieces && freeSpace(sizes, rules.sectorBytes) >= size;
}

export type CloseReason = 'full' | 'enough pieces' | 'waited long enough';

/** Why a sector that collects pieces is sealed now; undefined while it waits for more, or has none. */
export function closeReason(
  sector: { readonly paddedSizes: readonly Bytes[]; readonly waitedMs: number },
  rules: PackingRules & { readonly waitMs: number },
): CloseReason | undefined {
  if (sector.paddedSizes.length === 0) return undefined;
  if (freeSpace(sector.paddedSizes, rules.sectorBytes) === 0) return 'full';
  if (sector.paddedSizes.length >= rules.maxPieces) return 'enough pieces';
  return sector.waitedMs >= rules.waitMs ? 'waited long enough' : undefined;
}

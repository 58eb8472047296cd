import type { Bytes, Phase, SectorSizeName } from '#core';

/** A machine as far as it says how much sealing it can hold. */
export interface HostSize {
  /** Physical memory, and what sealing leaves to others of it, in bytes. */
  readonly memory: Bytes;
  readonly memoryKeepFree: Bytes;
  /** Physical cores, and L3 caches that they share. */
  readonly cores: number;
  readonly l3Groups: number;
  readonly gpus: number;
  /** Slots of its devices; undefined: it has none, and PC2 and C2 run on its cores. */
  readonly slots: number | undefined;
  /** The disk that sectors are sealed on; undefined: it could not be measured. */
  readonly scratch: { readonly capacity: Bytes; readonly keepFree: Bytes } | undefined;
}

/** What sectors cost, at the size that the fleet seals. */
export interface SectorCost {
  readonly size: SectorSizeName;
  readonly memory: Readonly<Partial<Record<Phase, Bytes>>>;
  /** Workspace in a sector's whole life. */
  readonly space: Bytes;
}

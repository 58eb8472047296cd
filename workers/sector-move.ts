import type { SectorId, SectorState } from '#core';

/** What the end of a run of this host has made of its sector. */
export interface SectorMove extends SectorId {
  readonly state: SectorState;
  /** `performance.now()` before it was committed: what was read later knows of it. */
  readonly at: number;
}

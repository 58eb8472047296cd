import { PHASES } from '#core';
import type { HostView } from './host-view.ts';

/** Why a host with room for a sector does not begin one yet, or undefined. */
export type PaceRule = (view: HostView) => string | undefined;

/**
 * Not when enough sectors stand before PC1: as many as it takes at once and a small store, one for every eight slots,
 * so that no slot waits for AddPiece. More would hold workspace for hours in which nothing can be done with them, and
 * would be missing on another host. A host with a free PC1 slot and nothing before it is never refused.
 *
 * Spacing the starts besides was measured and gains nothing (`docs/simulation.md`): sectors go through evenly when PC2
 * and C2 take the right turns, see `precommit2First`.
 */
export const refuseForPace: PaceRule = ({ pace, limits }) => {
  const slots = limits.precommit1 ?? 0;
  if (!pace || slots <= 0) return undefined;
  const before = (pace.states.AddPiece ?? 0) + (pace.states.PreCommit1 ?? 0);
  const enough = slots + Math.max(1, Math.ceil(slots / 8));
  if (before < enough) return undefined;
  return `${before} sectors are in ${PHASES.precommit1.label} or before it, which takes ${slots} at once`;
};

import { formatBytes, type Phase } from '#core';
import type { ScratchView } from './host-view.ts';

const WRITES: ReadonlySet<Phase> = new Set(['add-piece', 'precommit1', 'precommit2', 'commit1', 'unseal']);

/**
 * Why a run of the phase does not fit on the scratch disk, or undefined. AddPiece reserves for the sector's whole
 * life, so that no sector begins that cannot end; what runs later is held against what is really free, since others
 * may write there too.
 */
export function refuseForScratch(phase: Phase, scratch: ScratchView): string | undefined {
  if (scratch.unknown !== undefined && WRITES.has(phase)) return scratch.unknown;
  if (phase === 'add-piece') {
    const room = scratch.capacity - scratch.keepFree - scratch.reserved;
    if (scratch.newSector > room) {
      return `a sector needs ${formatBytes(scratch.newSector)} in its life, and ${formatBytes(Math.max(0, room))} are not reserved`;
    }
    const now = scratch.free - scratch.keepFree - scratch.growth;
    if (scratch.newSector > now) {
      return `a sector needs ${formatBytes(scratch.newSector)} in its life, and ${formatBytes(Math.max(0, now))} are free beside what the others have yet to write`;
    }
    return undefined;
  }
  const writes = scratch.writes[phase] ?? 0;
  // Nothing is kept free from work that was promised its room: what it needs is on the disk or it is not.
  if (writes > scratch.free) {
    return `it writes ${formatBytes(writes)}, and ${formatBytes(scratch.free)} are free`;
  }
  return undefined;
}

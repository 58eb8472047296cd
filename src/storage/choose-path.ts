import type { ActorId, Bytes } from '#core';

/** A storage path as the choice sees it: its row, and the space found there just now. */
export interface PathCandidate {
  readonly id: number;
  readonly name: string;
  readonly miner: ActorId | null;
  readonly canStore: boolean;
  readonly state: 'active' | 'read-only' | 'removed';
  readonly weight: number;
  /** Undefined: the path did not answer. */
  readonly free: Bytes | undefined;
}

export interface PathChoice {
  readonly chosen: PathCandidate | undefined;
  /** Why each other path was not taken, for the operator. */
  readonly refused: readonly { readonly name: string; readonly reason: string }[];
}

export interface SpaceNeed {
  readonly miner: ActorId;
  readonly bytes: Bytes;
  /** Stays free on every path. */
  readonly minFree: Bytes;
}

/**
 * Where a sector lands: the path with the most free space times its weight, as Lotus does. Ties go to the lower
 * id, so that equal hosts agree.
 */
export function chooseStoragePath(candidates: readonly PathCandidate[], need: SpaceNeed): PathChoice {
  const refused: { name: string; reason: string }[] = [];
  let chosen: PathCandidate | undefined;
  for (const candidate of candidates) {
    const reason = refusal(candidate, need);
    if (reason !== undefined) {
      refused.push({ name: candidate.name, reason });
    } else if (!chosen || better(candidate, chosen)) {
      if (chosen) refused.push({ name: chosen.name, reason: 'another path has more room' });
      chosen = candidate;
    } else {
      refused.push({ name: candidate.name, reason: 'another path has more room' });
    }
  }
  return { chosen, refused };
}

function refusal(path: PathCandidate, need: SpaceNeed): string | undefined {
  if (!path.canStore) return 'it is not for landed sectors';
  if (path.state !== 'active') return `it is ${path.state}`;
  if (path.miner !== null && path.miner !== need.miner) return `it belongs to miner ${path.miner}`;
  if (path.weight <= 0) return 'its weight is 0';
  if (path.free === undefined) return 'it does not answer';
  if (path.free - need.minFree < need.bytes) {
    return `it has ${path.free} bytes free, of which ${need.minFree} stay free; ${need.bytes} are needed`;
  }
  return undefined;
}

function better(a: PathCandidate, b: PathCandidate): boolean {
  const [scoreA, scoreB] = [(a.free ?? 0) * a.weight, (b.free ?? 0) * b.weight];
  return scoreA === scoreB ? a.id < b.id : scoreA > scoreB;
}

import { PHASE_NAMES, type Phase, type SectorState } from '#core';
import type { RunRequest, SectorChange, SectorFacts, Transition } from './facts.ts';

/** What one cell of the table decides; {@link step} fills in the rest. */
export interface Step extends Omit<Transition, 'from'> {}

export interface Refusal {
  readonly refused: string;
}

export function step(to: SectorState, parts: Partial<Omit<Step, 'to'>> = {}): Step {
  return { to, set: {}, start: [], cancel: [], releasePieces: false, ...parts };
}

export function refuse(reason: string): Refusal {
  return { refused: reason };
}

export function run(phase: Phase, delayMs = 0, input?: Readonly<Record<string, unknown>>): RunRequest {
  return input ? { phase, delayMs, input } : { phase, delayMs };
}

/** Every phase of sealing; unsealing reads landed files only and goes on whatever happens to the sealing. */
export const SEALING_PHASES: readonly Phase[] = PHASE_NAMES.filter((phase) => phase !== 'unseal');

/** What rests on the seed. */
export const NO_SEED: SectorChange = {
  seed: null,
  seed_epoch: null,
  commit1_output: null,
  proof: null,
  proof_at: null,
};

/** What rests on the replica besides: nothing of it is trusted after a redo, landed copies included. */
const NO_REPLICA: SectorChange = { ...NO_SEED, landed_at: null, cleared_at: null };

/** What a lost pre-commit leaves: a number that can never be used again. */
export const BURNT = 'SECTOR_PRECOMMIT_EXPIRED';

export function park(sector: SectorFacts, code: string, reason: string): Step {
  const from = sector.state === 'Parked' ? sector.parked_from : sector.state;
  return step('Parked', {
    set: { parked_from: from, parked_code: code, parked_reason: reason },
    cancel: SEALING_PHASES,
  });
}

/**
 * Seals again from the first step whose input still exists: PreCommit1, or AddPiece where the sector's files
 * are gone (cleared, or its worker is unknown).
 */
export function redo(sector: SectorFacts, delayMs: number, set: SectorChange = {}): Step {
  const filesGone = sector.worker === null || sector.cleared_at !== null || sector.comm_d === null;
  const cleared = { ...NO_REPLICA, ...set };
  if (filesGone) {
    return step('AddPiece', {
      set: { ...cleared, worker: null },
      start: [run('add-piece', delayMs)],
      cancel: SEALING_PHASES,
    });
  }
  return step('PreCommit1', {
    set: cleared,
    start: [run('precommit1', delayMs, { wipe: true })],
    cancel: SEALING_PHASES,
  });
}

/** Where a sector goes when it is sealed (PreCommit2 done): a redone one may have its pre-commit already. */
export function afterSealed(sector: SectorFacts): SectorState {
  if (sector.precommit_epoch !== null) return 'WaitSeed';
  if (sector.precommit_message !== null || sector.precommit_bound_at !== null) return 'PreCommitWait';
  return 'PreCommitBatching';
}

/** The join of Commit2 and landing: both are needed, in either order. */
export function joinCommit2(sector: SectorFacts, set: SectorChange): Step {
  const proof = set.proof === undefined ? sector.proof : set.proof;
  const landed = set.landed_at === undefined ? sector.landed_at : set.landed_at;
  if (proof !== null && landed !== null) {
    // Nothing is left to be cleared where its workspace went with its host.
    if (sector.cleared_at !== null) return step('CommitBatching', { set });
    return step('ClearCache', { set, start: [run('clear-cache')] });
  }
  return step('Commit2', { set });
}

/** Enters Commit2 with whichever of its two runs is not done and not running yet. */
export function enterCommit2(sector: SectorFacts, set: SectorChange): Step {
  const start: RunRequest[] = [];
  const proof = set.proof === undefined ? sector.proof : set.proof;
  if (proof !== null && sector.landed_at !== null) return joinCommit2(sector, set);
  if (proof === null) start.push(run('commit2'));
  if (sector.landed_at === null && !sector.active.includes('landing')) start.push(run('landing'));
  return step('Commit2', { set, start });
}

/** States whose work needs the sector's files on a worker. */
const NEED_FILES: ReadonlySet<SectorState> = new Set(['PreCommit1', 'PreCommit2', 'Commit1', 'ClearCache']);

/** Goes on where a parked sector stood, starting what that state needs. */
export function enter(sector: SectorFacts, state: SectorState, set: SectorChange): Step {
  // Its host was lost: what only that one had is made again.
  if (sector.worker === null && NEED_FILES.has(state)) return redo(sector, 0, set);
  switch (state) {
    case 'AddPiece':
      return step('AddPiece', { set: { ...set, worker: null }, start: [run('add-piece')] });
    case 'PreCommit1':
    // PreCommit2 encodes in place: only PreCommit1 can say that the replica is fresh.
    case 'PreCommit2':
      return step('PreCommit1', { set, start: [run('precommit1')] });
    case 'PreCommitBatching':
    case 'PreCommitWait':
      return step(afterSealed({ ...sector, precommit_epoch: null }), { set });
    case 'Commit1':
      if (sector.seed === null) return step('WaitSeed', { set });
      return step('Commit1', { set, start: [run('commit1')] });
    case 'Commit2':
      if (sector.commit1_output === null && sector.proof === null) {
        return step('WaitSeed', { set: { ...set, ...NO_SEED } });
      }
      return enterCommit2(sector, set);
    case 'ClearCache':
      return step('ClearCache', { set, start: [run('clear-cache')] });
    case 'CommitBatching':
    case 'CommitWait':
      return step(sector.commit_message === null ? 'CommitBatching' : 'CommitWait', { set });
    case 'Removing':
      return step('Removing', { set, start: [run('remove-files')] });
    default:
      return step(state, { set });
  }
}

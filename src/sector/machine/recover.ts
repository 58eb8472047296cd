import type { Phase } from '#core';
import type { Rules, SectorChange, SectorFacts } from './facts.ts';
import { isBound } from './facts.ts';
import { backoffMs, type FailureKind, RECOVERIES, triesOf } from './recovery.ts';
import { enter, NO_SEED, park, redo, run, type Step, step } from './step.ts';

/** Who failed: a phase of the sector, one of its two messages, or the chain that reverted the pre-commit. */
export type FailureSource = Phase | 'precommit' | 'commit' | 'reorg';

/**
 * Tries are counted for each source and kind, and forgotten when the source succeeds. A ticket is used up by
 * the whole way to a pre-commit, so that PreCommit1's success must not forget it.
 */
function countKey(source: FailureSource, kind: FailureKind): string {
  return `${kind === 'ticket' ? 'precommit' : source}.${kind}`;
}

/** Spends one try of the recovery of (source, kind), or parks the sector when none is left. */
export function recover(
  sector: SectorFacts,
  source: FailureSource,
  kind: FailureKind,
  failure: { readonly code: string; readonly message: string },
  rules: Rules,
  input?: Readonly<Record<string, unknown>>,
): Step {
  const allowed = triesOf(kind, rules.retry);
  const key = countKey(source, kind);
  const tries = (sector.recoveries[key] ?? 0) + 1;
  if (tries > allowed) {
    const after = allowed === 0 ? '' : ` (after ${allowed} tries)`;
    return park(sector, failure.code, `${failure.message}${after}`);
  }
  const delayMs = backoffMs(kind, tries, rules.retry);
  const next = follow(sector, source, kind, failure, delayMs, input);
  const recoveries = { ...sector.recoveries, [key]: tries };
  return {
    ...next,
    set: { ...next.set, recoveries },
    recovery: { key, tries, of: allowed, delayMs },
  };
}

function follow(
  sector: SectorFacts,
  source: FailureSource,
  kind: FailureKind,
  failure: { readonly code: string; readonly message: string },
  delayMs: number,
  input?: Readonly<Record<string, unknown>>,
): Step {
  switch (RECOVERIES[kind].goTo) {
    case 'again':
      if (source === 'precommit' || source === 'commit' || source === 'reorg') return step(sector.state);
      return step(sector.state, {
        // A failed AddPiece left nothing that ties the sector to its host.
        set: source === 'add-piece' ? { worker: null } : {},
        start: [run(source, delayMs, input)],
      });
    case 'restore':
      return step('PreCommit1', { start: [run('precommit1', delayMs)], cancel: ['precommit2'] });
    case 'redo':
      return redo(sector, delayMs);
    case 'new-ticket':
      if (isBound(sector))
        return park(sector, failure.code, `${failure.message}; a pre-commit names this ticket`);
      return redo(sector, delayMs, { ticket: null, ticket_epoch: null, comm_r: null });
    case 'commit1':
      if (sector.cleared_at !== null || sector.worker === null) return redo(sector, delayMs);
      if (sector.seed === null) return step('WaitSeed', { set: NO_SEED, cancel: ['commit1', 'commit2'] });
      return step('Commit1', {
        set: { commit1_output: null, proof: null, proof_at: null },
        start: [run('commit1', delayMs)],
        cancel: ['commit2', 'clear-cache'],
      });
    case 'land':
      return step('Commit2', {
        set: { landed_at: null },
        start: [run('landing', delayMs)],
        cancel: ['clear-cache'],
      });
    case 'wait-seed':
      return toWaitSeed({});
    case 'batch-precommit':
      return step('PreCommitBatching', { set: { precommit_message: null, precommit_bound_at: null } });
    case 'batch-commit':
      return step('CommitBatching', { set: { commit_message: null } });
    case 'park':
      return park(sector, failure.code, failure.message);
  }
}

/** The seed no longer holds: Commit1 and Commit2 are thrown away, landing goes on. */
export function toWaitSeed(set: SectorChange): Step {
  return step('WaitSeed', {
    set: { ...NO_SEED, ...set },
    cancel: ['commit1', 'commit2', 'clear-cache'],
  });
}

/** Forgets the tries of a source that has succeeded. */
export function succeeded(sector: SectorFacts, source: FailureSource): SectorChange {
  const kept = Object.entries(sector.recoveries).filter(([key]) => !key.startsWith(`${source}.`));
  if (kept.length === Object.keys(sector.recoveries).length) return {};
  return { recoveries: Object.fromEntries(kept) };
}

/** After the operator's word: where the sector stood, with all tries given back. */
export function resume(sector: SectorFacts): Step {
  return enter(sector, sector.parked_from ?? 'PreCommit1', {
    parked_from: null,
    parked_code: null,
    parked_reason: null,
    recoveries: {},
  });
}

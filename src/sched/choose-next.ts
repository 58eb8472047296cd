import { PHASES, type Phase } from '#core';
import type { Candidate, HostView, Refusal } from './host-view.ts';

/**
 * Finish first: what is nearest to its end goes before what begins, so that workspace is freed and tickets do not
 * age. Removing and clearing come before all, for they only free. Within a queue BullMQ has urgency, then age.
 */
export const PHASE_ORDER: readonly Phase[] = [
  'remove-files',
  'clear-cache',
  'landing',
  'commit2',
  'commit1',
  'precommit2',
  'precommit1',
  'unseal',
  'add-piece',
];

/** Light work that only frees or moves what exists is never withheld from a draining host. */
const GOES_ON_WHILE_DRAINING: ReadonlySet<Phase> = new Set(
  PHASE_ORDER.filter((phase) => phase !== 'add-piece'),
);

export interface Choice {
  /** Queues to try, the first one first. */
  readonly candidates: readonly Candidate[];
  readonly refusals: readonly Refusal[];
}

/** Which queues a host serves now, in which order, and why not the others. */
export function chooseNext(view: HostView): Choice {
  const candidates: Candidate[] = [];
  const refusals: Refusal[] = [];
  for (const phase of PHASE_ORDER) {
    const refusal = refuse(phase, view);
    if (refusal) {
      refusals.push({ phase, ...refusal });
      continue;
    }
    for (const queue of queuesOf(phase)) {
      const name = queue === 'host' ? `${phase}@${view.worker}` : phase;
      if (view.paused.has(phase) || view.paused.has(name)) {
        refusals.push({ phase, code: 'paused', reason: `the queue ${name} is paused` });
      } else {
        candidates.push({ phase, queue });
      }
    }
  }
  return { candidates, refusals };
}

function refuse(phase: Phase, view: HostView): Omit<Refusal, 'phase'> | undefined {
  if (view.state === 'removed' || (view.state === 'draining' && !GOES_ON_WHILE_DRAINING.has(phase))) {
    return { code: 'not-active', reason: `the worker is ${view.state}` };
  }
  const limit = view.limits[phase] ?? 0;
  const running = view.running[phase] ?? 0;
  if (limit <= 0) return { code: 'no-limit', reason: `its limit for ${phase} is 0` };
  if (running >= limit) return { code: 'limit-reached', reason: `${running} of ${limit} run already` };
  if (phase === 'add-piece' && view.maxSectors > 0 && view.sectors >= view.maxSectors) {
    return { code: 'max-sectors', reason: `it holds ${view.sectors} of ${view.maxSectors} sectors` };
  }
  for (const gate of view.resources ?? []) {
    const reason = gate.admits(phase, view);
    if (reason !== undefined) return { code: 'resource', reason: `${gate.name}: ${reason}` };
  }
  return undefined;
}

/** A sector whose files are on no worker, only on storage, is removed by whoever comes first. */
function queuesOf(phase: Phase): readonly Candidate['queue'][] {
  return phase === 'remove-files' ? ['host', 'fleet'] : [PHASES[phase].queue];
}

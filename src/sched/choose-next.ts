import { PHASES, type Phase } from '#core';
import { precommit2First } from './balance.ts';
import { placeOnDevice } from './devices.ts';
import type { Candidate, HostView, Refusal } from './host-view.ts';
import { refuseForMemory } from './memory.ts';
import { refuseForPace } from './pace.ts';
import { refuseForScratch } from './scratch.ts';

/**
 * Finish first: what is nearest to its end goes before what begins, so that workspace is freed and tickets do not
 * age. Removing and clearing come before all, for they only free; C1 takes a second and no device. Within a queue
 * BullMQ has urgency, then age.
 */
export const PHASE_ORDER: readonly Phase[] = [
  'remove-files',
  'clear-cache',
  'landing',
  'commit1',
  'commit2',
  'precommit2',
  'precommit1',
  'unseal',
  'add-piece',
];

const PC2_FIRST: readonly Phase[] = PHASE_ORDER.toSpliced(
  PHASE_ORDER.indexOf('commit2'),
  2,
  'precommit2',
  'commit2',
);

/** The order for a host as it is now: PC2 and C2 change places where that keeps its pipeline even. */
export function phaseOrder(view: HostView): readonly Phase[] {
  return precommit2First(view) ? PC2_FIRST : PHASE_ORDER;
}

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
  const choices = phaseOrder(view).map((phase) => choosePhase(phase, view));
  return {
    candidates: choices.flatMap(({ candidates }) => candidates),
    refusals: choices.flatMap(({ refusals }) => refusals),
  };
}

/** The same of one phase. */
export function choosePhase(phase: Phase, view: HostView): Choice {
  const refusal = refuse(phase, view);
  if (refusal) return { candidates: [], refusals: [{ phase, ...refusal }] };
  const place = placeOnDevice(phase, view.devices);
  if ('refused' in place) {
    return { candidates: [], refusals: [{ phase, code: 'device', reason: place.refused }] };
  }
  const candidates: Candidate[] = [];
  const refusals: Refusal[] = [];
  for (const queue of queuesOf(phase, view)) {
    const own = `${phase}@${view.worker}`;
    if (view.paused.has(phase) || view.paused.has(own)) {
      // A phase of the fleet's queue can be paused on one worker as well.
      const isHere = queue === 'fleet' && !view.paused.has(phase);
      const reason = isHere
        ? `${phase} is paused here`
        : `the queue ${queue === 'host' ? own : phase} is paused`;
      refusals.push({ phase, code: 'paused', reason });
    } else {
      candidates.push({ phase, queue, ...(place.device === undefined ? {} : { device: place.device }) });
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
  const scratch = view.scratch && refuseForScratch(phase, view.scratch);
  if (scratch !== undefined) return { code: 'scratch', reason: scratch };
  const memory = view.memory && refuseForMemory(phase, view.memory);
  if (memory !== undefined) return { code: 'memory', reason: memory };
  const pace = phase === 'add-piece' ? refuseForPace(view) : undefined;
  return pace === undefined ? undefined : { code: 'pace', reason: pace };
}

/**
 * A sector whose files are on no worker, only on storage, is removed by whoever comes first; C2 of other hosts'
 * sectors is offered in the fleet's queue.
 */
function queuesOf(phase: Phase, view: HostView): readonly Candidate['queue'][] {
  if (phase === 'remove-files') return ['host', 'fleet'];
  if (phase === 'commit2') return view.acceptsOutsideC2 ? ['host', 'fleet'] : ['host'];
  return [PHASES[phase].queue];
}

import { PHASES, type Phase } from '#core';
import type { RefusalCode } from '../host-view.ts';
import type { FleetHost } from './fleet-host.ts';

/** A run that waits in a queue. */
export interface WaitingRun {
  readonly phase: Phase;
  /** The host whose queue it waits in; null: the fleet's. */
  readonly host: string | null;
  /** It waits in its host's queue, and is offered to all others too. */
  readonly offered?: boolean;
}

/** `takes`: it would start it at once. */
export type VerdictCode = RefusalCode | 'takes' | 'away' | 'no-report' | 'own-only';

/** What one host would do with a waiting run. */
export interface Verdict {
  readonly worker: string;
  readonly code: VerdictCode;
  /** A sentence. */
  readonly reason: string;
}

/** Why a host does not start a run that waits for it or for anyone, or that it would. */
export function verdictOf(run: WaitingRun, host: FleetHost): Verdict {
  const { worker } = host;
  const verdict = (code: VerdictCode, reason: string): Verdict => ({ worker, code, reason });
  if (host.state === 'removed') return verdict('not-active', 'the worker is removed');
  if (host.away) {
    return verdict('away', `it has been silent for ${Math.round(host.heartbeatAgeMs / 1_000)} s`);
  }
  const { report } = host;
  if (!report) return verdict('no-report', 'it has not said yet what it takes');
  const takes = run.host === worker ? report.takes : (report.takesFleet ?? report.takes);
  if (takes.includes(run.phase)) return verdict('takes', 'it would take it now');
  const refusal = report.refusals.find(({ phase }) => phase === run.phase);
  if (refusal) return verdict(refusal.code, refusal.reason);
  return verdict('own-only', `it takes ${PHASES[run.phase].label} of its own sectors only`);
}

/** All who could start a run, those first that are nearest to doing so. */
export interface Candidates {
  /** At most as many as were asked for. */
  readonly shown: readonly Verdict[];
  /** Every candidate, by what keeps it, the nearest first. */
  readonly counts: readonly { readonly code: VerdictCode; readonly hosts: number }[];
  readonly hosts: number;
}

/** What passes by itself comes before what an operator has to change, and that before what is not there. */
const NEAREST: readonly VerdictCode[] = [
  ...(['takes', 'limit-reached', 'device', 'memory', 'pace', 'scratch', 'max-sectors'] as const),
  ...(['paused', 'no-report', 'not-active', 'own-only', 'away', 'no-limit'] as const),
];

const NAMES = new Intl.Collator('en', { numeric: true });

/** What every host that might start a run says of it. */
export function candidatesFor(run: WaitingRun, hosts: readonly FleetHost[], most: number): Candidates {
  const asked = hosts.filter((host) =>
    run.host === null || run.offered
      ? host.state !== 'removed' || host.worker === run.host
      : host.worker === run.host,
  );
  const isKnown = asked.some((host) => host.worker === run.host);
  const gone = run.host !== null && !isKnown ? [unknownHost(run.host)] : [];
  const verdicts = [...asked.map((host) => verdictOf(run, host)), ...gone].toSorted(
    (a, b) => rank(a.code) - rank(b.code) || NAMES.compare(a.worker, b.worker),
  );
  const groups = Map.groupBy(verdicts, ({ code }) => code);
  return {
    shown: verdicts.slice(0, most),
    counts: [...groups].map(([code, group]) => ({ code, hosts: group.length })),
    hosts: verdicts.length,
  };
}

function unknownHost(worker: string): Verdict {
  return { worker, code: 'away', reason: 'no worker of this name has registered' };
}

/** Codes of a newer agent are neither near nor far. */
function rank(code: VerdictCode): number {
  const index = NEAREST.indexOf(code);
  return index === -1 ? NEAREST.indexOf('paused') : index;
}

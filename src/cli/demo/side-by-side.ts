import { PHASES, sectorName } from '#core';
import type { PhaseRunRow } from '#db';

/** Two runs on two devices at one time. */
export interface SideBySide {
  /** `C2 of s-t01000-0 on cpu:0`, the one that began first. */
  readonly first: string;
  readonly second: string;
  /** How long both ran, in ms. */
  readonly ms: number;
}

/** The pairs of accepted runs that two devices computed at the same time; pure. */
export function sideBySide(runs: readonly PhaseRunRow[]): readonly SideBySide[] {
  const placed = runs.flatMap((run) => {
    const device = deviceOf(run);
    if (device === undefined || run.status !== 'done' || !run.started_at || !run.answered_at) return [];
    const name = `${PHASES[run.phase].label} of ${sectorName(run)} on ${device}`;
    return [{ device, name, from: run.started_at.getTime(), to: run.answered_at.getTime() }];
  });
  const ordered = placed.toSorted((a, b) => a.from - b.from);
  return ordered.flatMap((first, index) =>
    ordered.slice(index + 1).flatMap((second) => {
      const ms = Math.min(first.to, second.to) - second.from;
      return ms > 0 && first.device !== second.device ? [{ first: first.name, second: second.name, ms }] : [];
    }),
  );
}

/** The device whose slot a run holds, or held. */
export function deviceOf(run: Pick<PhaseRunRow, 'progress'>): string | undefined {
  const device = run.progress?.device;
  return typeof device === 'string' ? device : undefined;
}

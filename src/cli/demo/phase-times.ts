import { PHASES, type Phase, SEALING_PHASES, sectorName } from '#core';
import type { PhaseRunRow, SectorEventRow, SectorRow } from '#db';

/** Where the time of one sector went, in ms; null where it never was. */
export interface SectorTimes {
  readonly sector: string;
  readonly kind: SectorRow['kind'];
  readonly state: SectorRow['state'];
  readonly phases: Readonly<Partial<Record<Phase, number>>>;
  /** Waits for the chain: pre-commit batched and landed, seed, prove-commit batched and landed. */
  readonly precommit: number | null;
  readonly seed: number | null;
  readonly commit: number | null;
  readonly total: number | null;
}

/** The columns: sealing, and what else was done to any of the sectors. */
export function shownPhases(rows: readonly SectorTimes[]): readonly Phase[] {
  return rows.some(({ phases }) => phases.unseal !== undefined)
    ? [...SEALING_PHASES, 'unseal']
    : SEALING_PHASES;
}

/** From the accepted runs and the log of a sector; pure. */
export function sectorTimes(
  sector: Pick<SectorRow, 'miner' | 'number' | 'kind' | 'state' | 'created_at'>,
  runs: readonly PhaseRunRow[],
  events: readonly SectorEventRow[],
): SectorTimes {
  const phases: Partial<Record<Phase, number>> = {};
  for (const run of runs) {
    if (run.status !== 'done' || !run.started_at || !run.answered_at) continue;
    phases[run.phase] = (phases[run.phase] ?? 0) + run.answered_at.getTime() - run.started_at.getTime();
  }
  const entered = (name: string): number | undefined =>
    events.find((event) => event.to_state === name && event.from_state !== name)?.at.getTime();
  const between = (from: string, to: string): number | null => {
    const [start, end] = [entered(from), entered(to)];
    return start === undefined || end === undefined ? null : end - start;
  };
  const proving = entered('Proving');
  return {
    sector: sectorName(sector),
    kind: sector.kind,
    state: sector.state,
    phases,
    precommit: between('PreCommitBatching', 'WaitSeed'),
    seed: between('WaitSeed', 'Commit1'),
    commit: between('CommitBatching', 'Proving'),
    total: proving === undefined ? null : proving - sector.created_at.getTime(),
  };
}

export function phaseTitle(phase: Phase): string {
  return PHASES[phase].label.toUpperCase();
}

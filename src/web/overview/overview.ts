import { type Phase, SECTOR_STATES, type SectorState, sectorName } from '#core';
import {
  type ActiveRun,
  countProvingByHour,
  countRunsByStatus,
  countSectorsByState,
  countWorkers,
  type Executor,
  listParkedSectors,
  listRunningRuns,
  listWorkerLoads,
} from '#db';

/** Workers and parked sectors on the page; the command line lists them all. */
const SHOWN_WORKERS = 200;
const SHOWN_PARKED = 20;
const HOURS = 24;

/** What `/api/overview` answers. Times are ms. */
export interface Overview {
  readonly at: string;
  readonly states: readonly { state: SectorState; sectors: number }[];
  readonly total: number;
  readonly miners: readonly { miner: string; sectors: number }[];
  readonly waiting: readonly { phase: Phase; runs: number }[];
  readonly parked: readonly { sector: string; from: string; code: string; reason: string; since: string }[];
  /** The busiest of them. */
  readonly workers: readonly OverviewWorker[];
  readonly workerCount: number;
  readonly proving: readonly number[];
}

export interface OverviewWorker {
  readonly name: string;
  readonly class: string;
  readonly state: string;
  readonly silent: boolean;
  /** What its sealer is, when that is a stand-in which proves nothing. */
  readonly standIn: string | null;
  readonly heartbeatAgeMs: number;
  readonly sectors: number;
  readonly runs: readonly {
    sector: string;
    phase: Phase;
    attempt: number;
    elapsedMs: number;
    fraction: number | null;
  }[];
}

/** @param silentMs a worker whose heartbeat is older than this is shown as silent */
export async function readOverview(db: Executor, silentMs: number): Promise<Overview> {
  const [counts, runs, parked, loads, workerCount, proving] = await Promise.all([
    countSectorsByState(db),
    countRunsByStatus(db),
    listParkedSectors(db, SHOWN_PARKED),
    listWorkerLoads(db, SHOWN_WORKERS),
    countWorkers(db),
    countProvingByHour(db, HOURS),
  ]);
  const running = await listRunningRuns(
    db,
    loads.map((load) => load.name),
  );
  const byWorker = Map.groupBy(running, (run) => run.worker);
  const hours = new Map(proving.map((row) => [row.hours_ago, row.sectors]));
  return {
    at: new Date().toISOString(),
    states: SECTOR_STATES.map((state) => ({ state, sectors: sum(counts.filter((c) => c.state === state)) })),
    total: sum(counts),
    miners: [...Map.groupBy(counts, (count) => count.miner)].map(([miner, rows]) => ({
      miner: `t0${miner}`,
      sectors: sum(rows),
    })),
    waiting: runs.filter((row) => row.status !== 'running').map(({ phase, runs }) => ({ phase, runs })),
    parked: parked.map((row) => ({
      sector: sectorName(row),
      from: row.parked_from ?? '',
      code: row.parked_code ?? '',
      reason: row.parked_reason ?? '',
      since: row.state_at.toISOString(),
    })),
    workers: loads.map((load) => ({
      name: load.name,
      class: load.class,
      state: load.state,
      silent: load.heartbeat_age_ms > silentMs,
      standIn: load.stand_in,
      heartbeatAgeMs: load.heartbeat_age_ms,
      sectors: load.sectors,
      runs: (byWorker.get(load.name) ?? []).map(shownRun),
    })),
    workerCount,
    proving: Array.from({ length: HOURS }, (_, i) => hours.get(HOURS - 1 - i) ?? 0),
  };
}

function shownRun(run: ActiveRun): OverviewWorker['runs'][number] {
  const fraction = run.progress?.fraction;
  return {
    sector: sectorName(run),
    phase: run.phase,
    attempt: run.attempt,
    elapsedMs: run.elapsed_ms,
    fraction: typeof fraction === 'number' ? fraction : null,
  };
}

function sum(rows: readonly { sectors: number }[]): number {
  return rows.reduce((total, row) => total + row.sectors, 0);
}

import { sql } from 'kysely';
import type { ActorId, Phase, SectorState } from '#core';
import type { Executor } from '../database.ts';

/** How many sectors of a miner stand in a state. */
export interface StateCount {
  readonly miner: number;
  readonly state: SectorState;
  readonly sectors: number;
}

export interface WorkerLoad {
  readonly name: string;
  readonly class: string;
  readonly state: string;
  /** Milliseconds since its last heartbeat, by the server's clock. */
  readonly heartbeat_age_ms: number;
  /** Sectors whose files it holds. */
  readonly sectors: number;
  readonly running: number;
  /** What its sealer is, when that is a stand-in which proves nothing. */
  readonly stand_in: string | null;
}

export interface ActiveRun {
  readonly miner: number;
  readonly number: number;
  readonly phase: Phase;
  readonly attempt: number;
  readonly status: string;
  readonly worker: string | null;
  /** Milliseconds since the sealer was started, or since it was claimed. */
  readonly elapsed_ms: number;
  readonly progress: Record<string, unknown> | null;
}

export interface ParkedSector {
  readonly miner: number;
  readonly number: number;
  readonly parked_from: string | null;
  readonly parked_code: string | null;
  readonly parked_reason: string | null;
  readonly state_at: Date;
}

export async function countSectorsByState(db: Executor, miner?: ActorId): Promise<StateCount[]> {
  let query = db
    .selectFrom('sector')
    .select((eb) => ['miner', 'state', eb.fn.countAll<number>().as('sectors')])
    .groupBy(['miner', 'state'])
    .orderBy('miner')
    .orderBy('state');
  if (miner !== undefined) query = query.where('miner', '=', miner);
  return query.execute();
}

export async function countRunsByStatus(
  db: Executor,
): Promise<{ phase: Phase; status: string; runs: number }[]> {
  const rows = await db
    .selectFrom('phase_run')
    .select((eb) => ['phase', 'status', eb.fn.countAll<number>().as('runs')])
    .where('status', 'in', ['waiting', 'queued', 'running'])
    .groupBy(['phase', 'status'])
    .execute();
  return rows.map((row) => ({ ...row, runs: Number(row.runs) }));
}

/** Workers that were not removed, the busiest first. */
export async function listWorkerLoads(db: Executor, limit: number): Promise<WorkerLoad[]> {
  const { rows } = await sql<WorkerLoad>`
    SELECT w.name, w.class, w.state,
           TIMESTAMPDIFF(MICROSECOND, w.heartbeat_at, NOW(3)) DIV 1000 AS heartbeat_age_ms,
           COALESCE(s.sectors, 0) AS sectors, COALESCE(r.running, 0) AS running,
           JSON_UNQUOTE(JSON_EXTRACT(w.capabilities, '$.stand_in')) AS stand_in
      FROM worker w
      LEFT JOIN (SELECT worker, COUNT(*) AS sectors FROM sector
                  WHERE worker IS NOT NULL GROUP BY worker) s ON s.worker = w.name
      LEFT JOIN (SELECT worker, COUNT(*) AS running FROM phase_run
                  WHERE status = 'running' GROUP BY worker) r ON r.worker = w.name
     WHERE w.state <> 'removed'
     ORDER BY running DESC, w.name
     LIMIT ${sql.lit(limit)}`.execute(db);
  return rows.map((row) => ({
    ...row,
    heartbeat_age_ms: Number(row.heartbeat_age_ms),
    sectors: Number(row.sectors),
    running: Number(row.running),
  }));
}

/** How many workers there are that were not removed. */
export async function countWorkers(db: Executor): Promise<number> {
  const { workers } = await db
    .selectFrom('worker')
    .select((eb) => eb.fn.countAll<number>().as('workers'))
    .where('state', '<>', 'removed')
    .executeTakeFirstOrThrow();
  return Number(workers);
}

export async function listRunningRuns(db: Executor, workers: readonly string[]): Promise<ActiveRun[]> {
  if (workers.length === 0) return [];
  const rows = await db
    .selectFrom('phase_run')
    .select(['miner', 'number', 'phase', 'attempt', 'status', 'worker', 'progress'])
    .select(
      sql<number>`TIMESTAMPDIFF(MICROSECOND, COALESCE(started_at, claimed_at), NOW(3)) DIV 1000`.as(
        'elapsed_ms',
      ),
    )
    .where('status', '=', 'running')
    .where('worker', 'in', workers)
    .orderBy('claimed_at')
    .execute();
  return rows.map((row) => ({ ...row, elapsed_ms: Number(row.elapsed_ms) }));
}

export function listParkedSectors(db: Executor, limit: number): Promise<ParkedSector[]> {
  return db
    .selectFrom('sector')
    .select(['miner', 'number', 'parked_from', 'parked_code', 'parked_reason', 'state_at'])
    .where('state', '=', 'Parked')
    .orderBy('state_at', 'desc')
    .limit(limit)
    .execute();
}

/** Sectors that reached Proving in each of the last hours, the oldest first; hours with none are left out. */
export async function countProvingByHour(
  db: Executor,
  hours: number,
): Promise<{ hours_ago: number; sectors: number }[]> {
  const { rows } = await sql<{ hours_ago: number; sectors: number }>`
    SELECT TIMESTAMPDIFF(HOUR, state_at, NOW(3)) AS hours_ago, COUNT(*) AS sectors
      FROM sector
     WHERE state = 'Proving' AND state_at >= NOW(3) - INTERVAL ${sql.lit(hours)} HOUR
     GROUP BY hours_ago ORDER BY hours_ago DESC`.execute(db);
  return rows.map((row) => ({ hours_ago: Number(row.hours_ago), sectors: Number(row.sectors) }));
}

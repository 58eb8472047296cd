import { type Selectable, sql } from 'kysely';
import type { ActorId, Phase, SectorNumber, SectorState } from '#core';
import type { Executor } from '../database.ts';
import type { PledgeDecisionTable } from '../schema/index.ts';
import { serverNow } from './server-time.ts';

/** Sectors of a miner that are on their way, by the state that they stand in or, parked, would go on from. */
export interface SectorsOnTheirWay {
  readonly miner: ActorId;
  readonly state: SectorState;
  readonly isParked: boolean;
  readonly sectors: number;
}

/** Where a sector stands or, parked, would go on from. */
const STANDING = sql<SectorState>`IF(state = 'Parked', parked_from, state)`;

/** Counts the sectors in some states, and those parked from one of them. */
export async function countSectorsOnTheirWay(
  executor: Executor,
  states: readonly SectorState[],
): Promise<SectorsOnTheirWay[]> {
  const rows = await executor
    .selectFrom('sector')
    .select(({ fn }) => ['miner', 'state', STANDING.as('at'), fn.countAll<number>().as('sectors')])
    .where('state', 'in', [...states, 'Parked'])
    .where(STANDING, 'in', states)
    .groupBy(['miner', 'state', STANDING])
    .execute();
  return rows.map((row) => ({
    miner: row.miner,
    state: row.at,
    isParked: row.state === 'Parked',
    sectors: Number(row.sectors),
  }));
}

/** The numbers from `from` up of a miner's sectors in some states, or parked from one of them. */
export async function listNumbersOnTheirWay(
  executor: Executor,
  states: readonly SectorState[],
  { miner, from }: { readonly miner: ActorId; readonly from: SectorNumber },
): Promise<SectorNumber[]> {
  const rows = await executor
    .selectFrom('sector')
    .select('number')
    .where('miner', '=', miner)
    .where('number', '>=', from)
    .where(STANDING, 'in', states)
    .execute();
  return rows.map(({ number }) => number);
}

/** Sectors in AddPiece that no worker has, by miner. */
export async function countUnbegunSectors(executor: Executor): Promise<ReadonlyMap<ActorId, number>> {
  const { rows } = await sql<{ miner: ActorId; sectors: number }>`
    SELECT s.miner, COUNT(*) AS sectors FROM sector s
     WHERE s.state = 'AddPiece' AND s.worker IS NULL AND NOT EXISTS (
       SELECT 1 FROM phase_run r WHERE r.miner = s.miner AND r.number = s.number AND r.status = 'running')
     GROUP BY s.miner`.execute(executor);
  return new Map(rows.map((row) => [row.miner, Number(row.sectors)]));
}

/** Runs of one phase that a worker has, or that wait for it alone. */
export interface WorkerRuns {
  readonly worker: string;
  readonly phase: Phase;
  readonly runs: number;
}

/** Runs that wait in the queues of single workers, back-offs included. */
export async function countRunsWaitingForWorkers(executor: Executor, worker?: string): Promise<WorkerRuns[]> {
  let query = executor
    .selectFrom('phase_run')
    .select(({ fn }) => ['queue_worker', 'phase', fn.countAll<number>().as('runs')])
    .where('status', 'in', ['queued', 'waiting'])
    .groupBy(['queue_worker', 'phase']);
  query =
    worker === undefined
      ? query.where('queue_worker', 'is not', null)
      : query.where('queue_worker', '=', worker);
  const rows = await query.execute();
  return rows.map((row) => ({ worker: row.queue_worker ?? '', phase: row.phase, runs: Number(row.runs) }));
}

/** Claimed runs of some phases, by worker. */
export async function countRunsOfWorkers(
  executor: Executor,
  phases: readonly Phase[],
): Promise<WorkerRuns[]> {
  const rows = await executor
    .selectFrom('phase_run')
    .select(({ fn }) => ['worker', 'phase', fn.countAll<number>().as('runs')])
    .where('status', '=', 'running')
    .where('phase', 'in', phases)
    .groupBy(['worker', 'phase'])
    .execute();
  return rows.map((row) => ({ worker: row.worker ?? '', phase: row.phase, runs: Number(row.runs) }));
}

/**
 * Sectors that each worker has begun since the moment of its report, which therefore knows nothing of them: AddPiece
 * runs claimed since, and sectors that have left AddPiece since; a small one is beyond PC1 before the next report. A
 * claim just before may have been too late for the report, and counts too.
 */
export async function countBegunSinceReport(executor: Executor): Promise<ReadonlyMap<string, number>> {
  const { rows } = await sql<{ worker: string; sectors: number }>`
    SELECT worker, SUM(sectors) AS sectors FROM (
      SELECT w.name AS worker, COUNT(*) AS sectors
        FROM phase_run r JOIN worker w ON w.name = r.worker
       WHERE r.status = 'running' AND r.phase = 'add-piece'
         AND r.claimed_at >= COALESCE(w.reported_at, w.heartbeat_at) - INTERVAL 300000 MICROSECOND
       GROUP BY w.name
      UNION ALL
      SELECT w.name AS worker, COUNT(*) AS sectors
        FROM sector s JOIN worker w ON w.name = s.worker
        JOIN phase_run r ON r.miner = s.miner AND r.number = s.number
       WHERE s.state IN ('PreCommit1', 'PreCommit2', 'PreCommitBatching')
         AND s.state_at >= COALESCE(w.reported_at, w.heartbeat_at)
         AND r.phase = 'add-piece' AND r.status = 'done'
         AND r.finished_at >= COALESCE(w.reported_at, w.heartbeat_at)
       GROUP BY w.name) begun
     GROUP BY worker`.execute(executor);
  return new Map(rows.map((row) => [row.worker, Number(row.sectors)]));
}

export type PledgeDecisionRow = Selectable<PledgeDecisionTable>;

export interface NewPledgeDecision {
  readonly miner: ActorId;
  readonly pledged: number;
  readonly reason: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Keeps the last decision for a miner, and when it last pledged. */
export async function savePledgeDecision(executor: Executor, decision: NewPledgeDecision): Promise<void> {
  const { miner, pledged } = decision;
  const columns = {
    decided_at: serverNow,
    pledged,
    reason: decision.reason.slice(0, 2_000),
    facts: JSON.stringify(decision.facts),
    ...(pledged > 0 ? { pledged_at: serverNow } : {}),
  };
  await executor
    .insertInto('pledge_decision')
    .values({ miner, ...columns })
    .onDuplicateKeyUpdate(columns)
    .execute();
}

export async function listPledgeDecisions(executor: Executor): Promise<PledgeDecisionRow[]> {
  return executor.selectFrom('pledge_decision').selectAll().orderBy('miner').execute();
}

import { sql } from 'kysely';
import type { SectorId } from '#core';
import type { Executor } from '../database.ts';
import type { Commit1Output } from '../schema/index.ts';
import { updatedRows } from './affected.ts';
import type { PhaseRunRow } from './phase-runs.ts';
import { serverNow } from './server-time.ts';

/** A C2 that waits in its own host's queue, and where its input lies. */
export interface WaitingCommit2 extends PhaseRunRow {
  readonly commit1_output: Commit1Output | null;
}

/** Queued C2 of hosts, offered or not, in the order in which each host would take its own. */
export async function listWaitingCommit2(executor: Executor, limit: number): Promise<WaitingCommit2[]> {
  return executor
    .selectFrom('phase_run')
    .innerJoin('sector', (join) =>
      join.onRef('sector.miner', '=', 'phase_run.miner').onRef('sector.number', '=', 'phase_run.number'),
    )
    .selectAll('phase_run')
    .select('sector.commit1_output')
    .where('phase_run.status', '=', 'queued')
    .where('phase_run.queue_worker', 'is not', null)
    .where('phase_run.phase', '=', 'commit2')
    .orderBy('phase_run.priority')
    .orderBy('phase_run.id')
    .limit(limit)
    .execute();
}

/** Opens a queued run to other workers than its own, or closes it again; false when it is claimed by now. */
export async function setRunOffered(trx: Executor, runId: number, offered: boolean): Promise<boolean> {
  const result = await trx
    .updateTable('phase_run')
    .set({ offered_at: offered ? serverNow : null })
    .where('id', '=', runId)
    .where('status', '=', 'queued')
    .where('offered_at', offered ? 'is' : 'is not', null)
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/** The own host of an unfinished run is gone: it belongs to the fleet, whoever has it now. */
export async function disownRuns(trx: Executor, id: SectorId): Promise<void> {
  await trx
    .updateTable('phase_run')
    .set({ queue_worker: null })
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .where('status', 'in', ['waiting', 'queued', 'running'])
    .execute();
}

/** C2 that is computed now: for each worker, how long ago each of its runs was claimed, in ms. */
export async function listRunningCommit2(executor: Executor): Promise<{ worker: string; ageMs: number }[]> {
  const rows = await executor
    .selectFrom('phase_run')
    .select('worker')
    .select(sql<number>`TIMESTAMPDIFF(MICROSECOND, claimed_at, NOW(3)) DIV 1000`.as('ageMs'))
    .where('status', '=', 'running')
    .where('phase', '=', 'commit2')
    .execute();
  return rows.flatMap(({ worker, ageMs }) => (worker === null ? [] : [{ worker, ageMs: Number(ageMs) }]));
}

import { type Selectable, sql } from 'kysely';
import type { Executor } from '../database.ts';
import type { MessageTable, MessageVersionTable, PhaseRunTable } from '../schema/index.ts';

/** Rows that contradict a rule, each query one rule of the audit. Run on an idle system or a consistent snapshot. */

export interface RunAcceptance {
  readonly run_id: number;
  readonly miner: number;
  readonly number: number;
  readonly phase: string;
  readonly attempt: number;
  readonly claim: number;
  readonly worker: string | null;
  /** Acceptances in the sector's log, and those of them by the claim that the run has now. */
  readonly accepted: number;
  readonly accepted_by_claim: number;
}

/** Runs with an accepted result that was not accepted exactly once, by the claim that held them. */
export async function listWrongAcceptances(executor: Executor): Promise<RunAcceptance[]> {
  const { rows } = await sql<RunAcceptance>`
    SELECT r.id AS run_id, r.miner, r.number, r.phase, r.attempt, r.claim, r.worker,
           COUNT(e.id) AS accepted,
           COALESCE(SUM(CAST(JSON_EXTRACT(e.data, '$.claim') AS SIGNED) = r.claim), 0) AS accepted_by_claim
      FROM phase_run r
      LEFT JOIN sector_event e ON e.miner = r.miner AND e.number = r.number AND e.event = 'run.accepted'
           AND CAST(JSON_EXTRACT(e.data, '$.runId') AS SIGNED) = r.id
     WHERE r.status = 'done'
     GROUP BY r.id, r.miner, r.number, r.phase, r.attempt, r.claim, r.worker
    HAVING accepted <> 1 OR accepted_by_claim <> 1`.execute(executor);
  return rows;
}

/** Done runs of one phase that no event asked for anew: a second result where one was wanted. */
export async function listSurplusResults(
  executor: Executor,
): Promise<{ miner: number; number: number; phase: string; done: number; wanted: number }[]> {
  const { rows } = await sql<{ miner: number; number: number; phase: string; done: number; wanted: number }>`
    SELECT r.miner, r.number, r.phase, COUNT(*) AS done,
           (SELECT COUNT(*) FROM sector_event e WHERE e.miner = r.miner AND e.number = r.number
               AND e.event = CONCAT(r.phase, '.done')) AS wanted
      FROM phase_run r
     WHERE r.status = 'done' AND r.phase NOT IN ('unseal', 'landing')
     GROUP BY r.miner, r.number, r.phase
    HAVING done <> wanted`.execute(executor);
  return rows;
}

/** Sectors at rest (Proving, Parked, Removed, waiting for the chain) that still have a sealing run open. */
export async function listStrayRuns(executor: Executor): Promise<Selectable<PhaseRunTable>[]> {
  return executor
    .selectFrom('phase_run')
    .innerJoin('sector', (join) =>
      join.onRef('sector.miner', '=', 'phase_run.miner').onRef('sector.number', '=', 'phase_run.number'),
    )
    .selectAll('phase_run')
    .where('phase_run.status', 'in', ['waiting', 'queued', 'running'])
    .where('phase_run.phase', '!=', 'unseal')
    .where('sector.state', 'in', ['Proving', 'Parked', 'Removed', 'CommitBatching', 'CommitWait'])
    .execute();
}

/** Sectors with two unfinished runs of one phase. */
export async function listDoubledRuns(
  executor: Executor,
): Promise<{ miner: number; number: number; phase: string; runs: number }[]> {
  return executor
    .selectFrom('phase_run')
    .select(({ fn }) => ['miner', 'number', 'phase', fn.countAll<number>().as('runs')])
    .where('status', 'in', ['waiting', 'queued', 'running'])
    .where('phase', '!=', 'unseal')
    .groupBy(['miner', 'number', 'phase'])
    .having(({ fn }) => fn.countAll(), '>', 1)
    .execute();
}

/** Landings of each sector that has come as far as to need one: exactly one, and a done run's. */
export async function listWrongLandings(
  executor: Executor,
): Promise<{ miner: number; number: number; landings: number; recorded: number }[]> {
  const { rows } = await sql<{ miner: number; number: number; landings: number; recorded: number }>`
    SELECT s.miner, s.number, COUNT(DISTINCT f.attempt, f.claim) AS landings,
           COUNT(DISTINCT r.id) AS recorded
      FROM sector s
      LEFT JOIN landed_file f ON f.miner = s.miner AND f.number = s.number
      LEFT JOIN phase_run r ON r.miner = f.miner AND r.number = f.number AND r.phase = 'landing'
           AND r.attempt = f.attempt AND r.claim = f.claim AND r.status = 'done'
     WHERE s.state IN ('ClearCache', 'CommitBatching', 'CommitWait', 'Proving')
     GROUP BY s.miner, s.number
    HAVING landings <> 1 OR recorded <> 1`.execute(executor);
  return rows;
}

/** Sectors that two messages of one purpose have brought to the chain. */
export async function listDoubledMessages(
  executor: Executor,
): Promise<{ miner: number; number: number; purpose: string; messages: number }[]> {
  return executor
    .selectFrom('message_sector')
    .innerJoin('message', 'message.id', 'message_sector.message_id')
    .select(({ fn }) => [
      'message_sector.miner',
      'message_sector.number',
      'message.purpose',
      fn.countAll<number>().as('messages'),
    ])
    .where('message.state', '=', 'final')
    .where('message.exit_code', '=', 0)
    .where('message_sector.exit_code', '=', 0)
    .groupBy(['message_sector.miner', 'message_sector.number', 'message.purpose'])
    .having(({ fn }) => fn.countAll(), '>', 1)
    .execute();
}

/** Every signed version with the message it belongs to, for the comparison of their contents. */
export async function listSignedVersions(
  executor: Executor,
): Promise<{ message: Selectable<MessageTable>; version: Selectable<MessageVersionTable> }[]> {
  const versions = await executor.selectFrom('message_version').selectAll().orderBy('id').execute();
  const messages = await executor.selectFrom('message').selectAll().execute();
  const byId = new Map(messages.map((message) => [message.id, message]));
  return versions.flatMap((version) => {
    const message = byId.get(version.message_id);
    return message ? [{ message, version }] : [];
  });
}

import { sql } from 'kysely';
import type { Phase } from '#core';
import type { Executor } from '../database.ts';

/** What a worker's last runs say of the length of its pipeline's stretches, in ms. */
export interface PipelineTimes {
  /** Mean duration of each phase that was asked for and has ended here. */
  readonly durationsMs: Readonly<Partial<Record<Phase, number>>>;
  /** Mean time from PC2's end to C1's beginning; undefined: no sector has passed it here. */
  readonly seedWaitMs: number | undefined;
}

const SEED_WAIT = 'seed-wait';

/** @param newest how many of the last runs of each kind count */
export async function readPipelineTimes(
  executor: Executor,
  worker: string,
  phases: readonly Phase[],
  newest: number,
): Promise<PipelineTimes> {
  const durations = phases.map(
    (phase) => sql`SELECT ${phase} AS what, AVG(ms) AS mean
      FROM (SELECT TIMESTAMPDIFF(MICROSECOND, COALESCE(started_at, claimed_at), answered_at) / 1000 AS ms
              FROM phase_run
             WHERE worker = ${worker} AND status = 'done' AND phase = ${phase}
               AND answered_at IS NOT NULL
             ORDER BY id DESC LIMIT ${sql.lit(newest)}) some`,
  );
  const seedWait = sql`SELECT ${SEED_WAIT} AS what, AVG(ms) AS mean
    FROM (SELECT TIMESTAMPDIFF(MICROSECOND, MAX(sealed.answered_at), later.began_at) / 1000 AS ms
            FROM (SELECT id, miner, number, COALESCE(started_at, claimed_at) AS began_at
                    FROM phase_run
                   WHERE worker = ${worker} AND status = 'done' AND phase = 'commit1'
                   ORDER BY id DESC LIMIT ${sql.lit(newest)}) later
            JOIN phase_run sealed
              ON sealed.miner = later.miner AND sealed.number = later.number AND sealed.phase = 'precommit2'
             AND sealed.status = 'done' AND sealed.answered_at <= later.began_at
           GROUP BY later.id, later.began_at) some`;
  // One question for all: hundreds of hosts ask it.
  const { rows } = await sql<{ what: Phase | typeof SEED_WAIT; mean: number | null }>`${sql.join(
    [...durations, seedWait],
    sql` UNION ALL `,
  )}`.execute(executor);
  const means = new Map(rows.flatMap(({ what, mean }) => (mean === null ? [] : [[what, Number(mean)]])));
  const durationsMs = Object.fromEntries(
    phases.flatMap((phase) => (means.has(phase) ? [[phase, means.get(phase)]] : [])),
  );
  return { durationsMs, seedWaitMs: means.get(SEED_WAIT) };
}

/** How long phases took lately, in ms: the mean of the newest accepted runs, for each worker and phase. */
export async function meanDurations(
  executor: Executor,
  newest: number,
): Promise<{ worker: string; phase: string; meanMs: number; runs: number }[]> {
  const { rows } = await sql<{ worker: string; phase: string; meanMs: number; runs: number }>`
    SELECT worker, phase, AVG(ms) AS meanMs, COUNT(*) AS runs
      FROM (SELECT worker, phase, TIMESTAMPDIFF(MICROSECOND, started_at, answered_at) / 1000 AS ms
              FROM phase_run
             WHERE status = 'done' AND worker IS NOT NULL AND started_at IS NOT NULL AND answered_at IS NOT NULL
             ORDER BY id DESC LIMIT ${sql.lit(newest)}) recent
     GROUP BY worker, phase`.execute(executor);
  return rows.map((row) => ({ ...row, meanMs: Number(row.meanMs), runs: Number(row.runs) }));
}

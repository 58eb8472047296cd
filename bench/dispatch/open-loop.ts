import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import { type Database, insertSector, insertSectorEvent, transaction } from '#db';
import type { QueueBus } from '#queues';
import { publishJobs, startRun } from '#sector';
import { MINER, SEAL_PROOF } from './populate.ts';

/** Phase runs that come of one pledged sector here: AP in the fleet's queue, then PC1 and PC2 in a host's. */
export const RUNS_PER_SECTOR = 3;

/** How long after the last pledge its runs may go on, in ms. */
const DRAIN_MS = 60_000;

export interface Window {
  /** By the server's clock. */
  readonly from: Date;
  readonly to: Date;
  readonly pledged: number;
  /** Pledges that were due and could not be committed in time, by more than a second. */
  readonly late: number;
}

/**
 * Pledges sectors at a steady rate whatever the fleet makes of it, so that `rate` phase runs become runnable a second,
 * and waits until the last has ended.
 */
export async function openLoop(
  modules: { readonly database: Database; readonly bus: QueueBus },
  options: { readonly rate: number; readonly seconds: number; readonly firstNumber: number },
): Promise<Window> {
  const { database } = modules;
  const perSecond = options.rate / RUNS_PER_SECTOR;
  const count = Math.round(perSecond * options.seconds);
  const from = await serverTime(database);
  const began = performance.now();
  const pending: Promise<void>[] = [];
  let late = 0;
  for (let i = 0; i < count; i++) {
    const due = began + (i * 1_000) / perSecond;
    const wait = due - performance.now();
    if (wait > 0) await sleep(wait);
    const pledged = pledge(modules, options.firstNumber + i).then(() => {
      if (performance.now() - due > 1_000) late += 1;
    });
    pending.push(pledged);
  }
  await Promise.all(pending);
  const to = await serverTime(database);
  await drained(database);
  return { from, to, pledged: count, late };
}

/** As a pledge commits it; its numbers are the benchmark's own. */
async function pledge(
  { database, bus }: { readonly database: Database; readonly bus: QueueBus },
  number: number,
): Promise<void> {
  const id = { miner: MINER, number };
  const job = await transaction(database, async (trx) => {
    await insertSector(trx, {
      ...id,
      state: 'AddPiece',
      state_at: new Date(),
      kind: 'cc',
      seal_proof: SEAL_PROOF,
    });
    await insertSectorEvent(trx, { ...id, event: 'pledged', to_state: 'AddPiece' });
    return startRun(trx, id, null, { phase: 'add-piece', delayMs: 0 });
  });
  await publishJobs(database.kysely, bus, job ? [job] : []);
}

/** @throws Error when runs are left: what happened to them */
async function drained(database: Database): Promise<void> {
  const deadline = performance.now() + DRAIN_MS;
  for (;;) {
    const { rows } = await sql<
      Record<string, unknown>
    >`SELECT phase, status, worker, queue_worker, error_code,
      error_message FROM phase_run WHERE status IN ('waiting', 'queued', 'running')`.execute(database.kysely);
    if (rows.length === 0) return;
    if (performance.now() > deadline) {
      throw new Error(`${rows.length} runs have not ended: ${JSON.stringify(rows.slice(0, 5))}`);
    }
    await sleep(500);
  }
}

async function serverTime(database: Database): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT NOW(3) AS now`.execute(database.kysely);
  const now = rows[0]?.now;
  if (!now) throw new Error('the server has no time');
  return now;
}

/** Milliseconds from runnable to claimed of every run of a window, least first, by the server's clock. */
export async function latencies(
  database: Database,
  { from, to }: Window,
  fleetQueue: boolean,
): Promise<number[]> {
  const { rows } = await sql<{ ms: number }>`
    SELECT TIMESTAMPDIFF(MICROSECOND, runnable_at, claimed_at) / 1000 AS ms FROM phase_run
     WHERE runnable_at >= ${from} AND runnable_at < ${to} AND claimed_at IS NOT NULL
       AND (queue_worker IS NULL) = ${fleetQueue ? 1 : 0}`.execute(database.kysely);
  return rows.map((row) => Number(row.ms)).sort((a, b) => a - b);
}

/** The runs of a window that waited longest, for people. */
export async function slowest(database: Database, { from, to }: Window, count: number): Promise<string> {
  const { rows } = await sql<{ phase: string; worker: string; ms: number }>`
    SELECT phase, worker, ROUND(TIMESTAMPDIFF(MICROSECOND, runnable_at, claimed_at) / 1000) AS ms FROM phase_run
     WHERE runnable_at >= ${from} AND runnable_at < ${to} AND claimed_at IS NOT NULL
     ORDER BY 3 DESC LIMIT ${sql.lit(count)}`.execute(database.kysely);
  return rows.map(({ phase, worker, ms }) => `${phase} ${worker} ${ms} ms`).join(', ');
}

import { type Selectable, sql } from 'kysely';
import type { Phase, SectorId, SectorState } from '#core';
import type { Executor, Trx } from '../database.ts';
import type { OutboxTable, PhaseRunTable, SectorTable } from '../schema.ts';

/** A sector's row under its lock, the phases with unfinished runs, and the server's clock. */
export interface LockedSector {
  readonly row: Selectable<SectorTable>;
  readonly active: readonly Phase[];
  readonly now: Date;
}

export type PhaseRunRow = Selectable<PhaseRunTable>;
export type OutboxRow = Selectable<OutboxTable>;

const UNFINISHED = ['waiting', 'queued', 'running'] as const;

/** The server's NOW(3): the only clock that expiries and back-offs go by. */
export async function databaseNow(db: Executor): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`SELECT NOW(3) AS now`.execute(db);
  const [row] = rows;
  if (!row) throw new Error('SELECT NOW(3) returned no row');
  return row.now;
}

/** Locks the sector's row: first, before anything else of the sector is read or written (two joins would miss each other). */
export async function lockSector(trx: Trx, id: SectorId): Promise<LockedSector | undefined> {
  const row = await trx
    .selectFrom('sector')
    .selectAll()
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .forUpdate()
    .executeTakeFirst();
  if (!row) return undefined;
  const runs = await trx
    .selectFrom('phase_run')
    .select('phase')
    .distinct()
    .select(sql<Date>`NOW(3)`.as('now'))
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .where('status', 'in', UNFINISHED)
    .execute();
  const now = runs[0]?.now ?? (await databaseNow(trx));
  return { row, active: runs.map((run) => run.phase), now };
}

export async function updateSector(
  trx: Trx,
  id: SectorId,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  await trx
    .updateTable('sector')
    .set(change)
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .execute();
}

export async function insertSectorEvent(
  trx: Trx,
  id: SectorId,
  event: {
    readonly event: string;
    readonly from: SectorState | null;
    readonly to: SectorState | null;
    readonly data: Readonly<Record<string, unknown>>;
  },
): Promise<void> {
  await trx
    .insertInto('sector_event')
    .values({
      miner: id.miner,
      number: id.number,
      event: event.event,
      from_state: event.from,
      to_state: event.to,
      data: JSON.stringify(event.data),
    })
    .execute();
}

/** Unfinished runs of these phases become superseded: their workers find no fence any more and stop. */
export async function supersedeRuns(trx: Trx, id: SectorId, phases: readonly Phase[]): Promise<void> {
  if (phases.length === 0) return;
  await trx
    .updateTable('phase_run')
    .set({ status: 'superseded', finished_at: sql<Date>`NOW(3)` })
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .where('phase', 'in', phases)
    .where('status', 'in', UNFINISHED)
    .execute();
}

export interface NewRun {
  readonly phase: Phase;
  readonly queueWorker: string | null;
  readonly priority: number;
  readonly delayMs: number;
  readonly input: Readonly<Record<string, unknown>>;
}

/** Inserts the next attempt of a phase; with a delay it waits, else it is queued. */
export async function insertRun(
  trx: Trx,
  id: SectorId,
  run: NewRun,
): Promise<{ readonly id: number; readonly attempt: number }> {
  const last = await trx
    .selectFrom('phase_run')
    .select((eb) => eb.fn.max('attempt').as('attempt'))
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .where('phase', '=', run.phase)
    .executeTakeFirst();
  const attempt = Number(last?.attempt ?? 0) + 1;
  const due = sql<Date>`NOW(3) + INTERVAL ${sql.lit(Math.round(run.delayMs * 1000))} MICROSECOND`;
  const inserted = await trx
    .insertInto('phase_run')
    .values({
      miner: id.miner,
      number: id.number,
      phase: run.phase,
      attempt,
      status: run.delayMs > 0 ? 'waiting' : 'queued',
      queue_worker: run.queueWorker,
      priority: run.priority,
      not_before: run.delayMs > 0 ? due : null,
      input: JSON.stringify(run.input),
      runnable_at: due,
    })
    .executeTakeFirstOrThrow();
  return { id: Number(inserted.insertId), attempt };
}

export async function insertOutbox(
  trx: Trx,
  row: { readonly runId: number; readonly queue: string; readonly jobId: string; readonly priority: number },
): Promise<number> {
  const inserted = await trx
    .insertInto('outbox')
    .values({ run_id: row.runId, queue: row.queue, job_id: row.jobId, priority: row.priority })
    .executeTakeFirstOrThrow();
  return Number(inserted.insertId);
}

/** The run under its lock; call it with the sector's row locked. */
export async function lockRun(trx: Trx, runId: number): Promise<PhaseRunRow | undefined> {
  return trx.selectFrom('phase_run').selectAll().where('id', '=', runId).forUpdate().executeTakeFirst();
}

export async function findRun(db: Executor, runId: number): Promise<PhaseRunRow | undefined> {
  return db.selectFrom('phase_run').selectAll().where('id', '=', runId).executeTakeFirst();
}

/** Ends a run; `answered_at` is kept when the worker has set it with its answer. */
export async function finishRun(
  trx: Trx,
  runId: number,
  end:
    | {
        readonly status: 'done';
        readonly result: Readonly<Record<string, unknown>>;
        readonly answeredAt?: Date;
      }
    | { readonly status: 'failed'; readonly code: string; readonly message: string },
): Promise<void> {
  await trx
    .updateTable('phase_run')
    .set({
      status: end.status,
      finished_at: sql<Date>`NOW(3)`,
      ...(end.status === 'done'
        ? {
            result: JSON.stringify(end.result),
            ...(end.answeredAt ? { answered_at: end.answeredAt } : {}),
          }
        : { error_code: end.code.slice(0, 64), error_message: end.message.slice(0, 2048) }),
    })
    .where('id', '=', runId)
    .execute();
}

/** Puts a run back to wait: not a failure, but its time has not come. Its reason stays readable in the row. */
export async function deferRunRow(
  trx: Trx,
  runId: number,
  delayMs: number,
  reason: { readonly code: string; readonly message: string },
): Promise<void> {
  await trx
    .updateTable('phase_run')
    .set({
      status: 'waiting',
      not_before: sql<Date>`NOW(3) + INTERVAL ${sql.lit(Math.round(delayMs * 1000))} MICROSECOND`,
      worker: null,
      host_epoch: null,
      heartbeat_at: null,
      error_code: reason.code.slice(0, 64),
      error_message: reason.message.slice(0, 2048),
    })
    .where('id', '=', runId)
    .execute();
}

export async function releasePieces(trx: Trx, id: SectorId): Promise<void> {
  await trx
    .updateTable('piece')
    .set({ status: 'stored', miner: null, number: null, sector_offset: null, sector_index: null })
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .where('status', '=', 'packed')
    .execute();
}

export interface LandedFile {
  readonly kind: 'sealed' | 'cache' | 'unsealed';
  readonly storageId: number;
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
}

/** Records a landing in place of an older one: readers follow the record, never a pattern. */
export async function recordLanding(
  trx: Trx,
  id: SectorId,
  fence: { readonly attempt: number; readonly claim: number },
  files: readonly LandedFile[],
): Promise<void> {
  await trx.deleteFrom('landed_file').where('miner', '=', id.miner).where('number', '=', id.number).execute();
  if (files.length === 0) return;
  await trx
    .insertInto('landed_file')
    .values(
      files.map((file) => ({
        miner: id.miner,
        number: id.number,
        kind: file.kind,
        storage_id: file.storageId,
        path: file.path,
        size: file.size,
        sha256: file.sha256,
        attempt: fence.attempt,
        claim: fence.claim,
        verified_at: sql<Date>`NOW(3)`,
      })),
    )
    .execute();
}

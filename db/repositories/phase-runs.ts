import type { Selectable } from 'kysely';
import type { Phase, SectorId } from '#core';
import type { Executor, Trx } from '../database.ts';
import type { PhaseRunStatus, PhaseRunTable } from '../schema/index.ts';
import { insertedId, updatedRows } from './affected.ts';
import { serverNow, serverTimeIn } from './server-time.ts';

export type PhaseRunRow = Selectable<PhaseRunTable>;

export interface NewRun extends SectorId {
  readonly phase: Phase;
  readonly attempt: number;
  /** The host whose queue it waits in; null: the fleet's. */
  readonly queueWorker: string | null;
  readonly priority?: number;
  readonly input?: Readonly<Record<string, unknown>>;
  /** More than 0: it waits that long, by the server's clock, before it is queued. */
  readonly delayMs?: number;
}

/** Inserts a run, `queued`, or `waiting` when it is delayed; its outbox row is the caller's, in the same transaction. */
export async function insertRun(trx: Executor, run: NewRun): Promise<number> {
  const { miner, number, phase, attempt, queueWorker, priority = 0, input = {}, delayMs = 0 } = run;
  const isDelayed = delayMs > 0;
  const result = await trx
    .insertInto('phase_run')
    .values({
      miner,
      number,
      phase,
      attempt,
      queue_worker: queueWorker,
      priority,
      status: isDelayed ? 'waiting' : 'queued',
      not_before: isDelayed ? serverTimeIn(delayMs) : null,
      runnable_at: isDelayed ? serverTimeIn(delayMs) : serverNow,
      input: JSON.stringify(input),
    })
    .executeTakeFirstOrThrow();
  return insertedId(result);
}

/** One more than the highest attempt at this phase so far; under the sector's lock. */
export async function nextAttempt(trx: Trx, id: SectorId, phase: Phase): Promise<number> {
  const row = await trx
    .selectFrom('phase_run')
    .select(({ fn }) => fn.max('attempt').as('highest'))
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .where('phase', '=', phase)
    .executeTakeFirst();
  return (row?.highest ?? 0) + 1;
}

/** What an acceptance and a transition need of each run of a sector: not its result or its progress, which are long. */
export type RunFacts = Pick<PhaseRunRow, 'id' | 'phase' | 'attempt' | 'claim' | 'status'>;

const UNFINISHED: ReadonlySet<PhaseRunStatus> = new Set(['waiting', 'queued', 'running']);

/** All runs of a sector, under its lock. */
export async function listRunFacts(trx: Trx, id: SectorId): Promise<RunFacts[]> {
  return trx
    .selectFrom('phase_run')
    .select(['id', 'phase', 'attempt', 'claim', 'status'])
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .execute();
}

/** The phases that have a run which is not ended. */
export function activePhases(runs: readonly RunFacts[]): Phase[] {
  return runs.flatMap(({ phase, status }) => (UNFINISHED.has(status) ? [phase] : []));
}

/** One more than the highest attempt at a phase among all runs of its sector. */
export function attemptAfter(runs: readonly Pick<RunFacts, 'phase' | 'attempt'>[], phase: Phase): number {
  return Math.max(0, ...runs.map((run) => (run.phase === phase ? run.attempt : 0))) + 1;
}

export async function findRun(executor: Executor, runId: number): Promise<PhaseRunRow | undefined> {
  return executor.selectFrom('phase_run').selectAll().where('id', '=', runId).executeTakeFirst();
}

/** Every run of a sector in the order they were asked for, or those in some statuses. */
export async function listRunsOfSector(
  executor: Executor,
  id: SectorId,
  statuses?: readonly PhaseRunStatus[],
): Promise<PhaseRunRow[]> {
  let query = executor
    .selectFrom('phase_run')
    .selectAll()
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .orderBy('id');
  if (statuses) query = query.where('status', 'in', statuses);
  return query.execute();
}

/** What one worker has claimed (`running`), or had. */
export async function listRunsOfWorker(
  executor: Executor,
  worker: string,
  statuses: readonly PhaseRunStatus[] = ['running'],
): Promise<PhaseRunRow[]> {
  return executor
    .selectFrom('phase_run')
    .selectAll()
    .where('worker', '=', worker)
    .where('status', 'in', statuses)
    .orderBy('id')
    .execute();
}

/** Queued runs in the order of their ids, for the sweeper's comparison with Redis. */
export async function listQueuedRuns(
  executor: Executor,
  page: { readonly afterId: number; readonly limit: number },
): Promise<PhaseRunRow[]> {
  return executor
    .selectFrom('phase_run')
    .selectAll()
    .where('status', '=', 'queued')
    .where('id', '>', page.afterId)
    .orderBy('id')
    .limit(page.limit)
    .execute();
}

/** Queued runs of the same queue that are more urgent, or as urgent and older. */
export async function countRunsAhead(
  executor: Executor,
  run: Pick<PhaseRunRow, 'id' | 'phase' | 'queue_worker' | 'priority'>,
): Promise<number> {
  const row = await executor
    .selectFrom('phase_run')
    .select(({ fn }) => fn.countAll<number>().as('runs'))
    .where('status', '=', 'queued')
    .where('queue_worker', run.queue_worker === null ? 'is' : '=', run.queue_worker)
    .where('phase', '=', run.phase)
    .where((eb) =>
      eb.or([
        eb('priority', '<', run.priority),
        eb.and([eb('priority', '=', run.priority), eb('id', '<', run.id)]),
      ]),
    )
    .executeTakeFirst();
  return Number(row?.runs ?? 0);
}

/** The queued runs that have waited longest. */
export async function listLongestWaiting(executor: Executor, limit: number): Promise<PhaseRunRow[]> {
  return executor
    .selectFrom('phase_run')
    .selectAll()
    .where('status', '=', 'queued')
    .orderBy('runnable_at')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Waiting runs whose time has come by the server's clock, longest due first. */
export async function listDueRuns(executor: Executor, limit: number): Promise<PhaseRunRow[]> {
  return executor
    .selectFrom('phase_run')
    .selectAll()
    .where('status', '=', 'waiting')
    .where('not_before', '<=', serverNow)
    .orderBy('not_before')
    .limit(limit)
    .execute();
}

/** `waiting` → `queued`; false when somebody else did it or it is not due. */
export async function queueDueRun(trx: Executor, runId: number): Promise<boolean> {
  const result = await trx
    .updateTable('phase_run')
    .set({ status: 'queued', runnable_at: serverNow })
    .where('id', '=', runId)
    .where('status', '=', 'waiting')
    .where('not_before', '<=', serverNow)
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/** Ends every run of the sector that has no outcome yet, so that no claim or result of it counts any more. */
export async function supersedeRuns(
  trx: Trx,
  id: SectorId,
  options: { readonly phases?: readonly Phase[]; readonly exceptRunId?: number } = {},
): Promise<number> {
  let query = trx
    .updateTable('phase_run')
    .set({ status: 'superseded', finished_at: serverNow })
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .where('status', 'in', ['waiting', 'queued', 'running']);
  if (options.phases) query = query.where('phase', 'in', options.phases);
  if (options.exceptRunId !== undefined) query = query.where('id', '!=', options.exceptRunId);
  return updatedRows(await query.executeTakeFirst());
}

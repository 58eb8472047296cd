import { type Selectable, sql } from 'kysely';
import type { Executor, Trx } from '../database.ts';
import type { WorkerTable } from '../schema/index.ts';
import { updatedRows } from './affected.ts';
import { serverNow, serverTimeIn } from './server-time.ts';

export interface WorkerRow extends Selectable<WorkerTable> {
  /** Milliseconds since its last heartbeat, by the server's clock. */
  readonly heartbeatAgeMs: number;
}

export interface WorkerRegistration {
  readonly name: string;
  readonly class?: string;
  readonly bootId: string;
  readonly hostEpoch: number;
  readonly pid: number;
  readonly version: string;
  readonly capabilities: Readonly<Record<string, unknown>>;
}

/**
 * Registers a worker, or what it has become since it last started; a removed one is active again. False when the row
 * already has a higher host epoch: a newer agent runs on that host.
 */
export async function registerWorker(executor: Executor, worker: WorkerRegistration): Promise<boolean> {
  const columns = {
    ...(worker.class === undefined ? {} : { class: worker.class }),
    boot_id: worker.bootId,
    host_epoch: worker.hostEpoch,
    pid: worker.pid,
    version: worker.version,
    capabilities: JSON.stringify(worker.capabilities),
    heartbeat_at: serverNow,
  };
  await executor
    .insertInto('worker')
    .values({ name: worker.name, ...columns })
    .onDuplicateKeyUpdate({ name: worker.name })
    .execute();
  const result = await executor
    .updateTable('worker')
    .set({ ...columns, state: sql`IF(state = 'removed', 'active', state)` })
    .where('name', '=', worker.name)
    .where('host_epoch', '<=', worker.hostEpoch)
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/**
 * A sign of life, with what the worker says of itself (`HostReport` of #sched), as of a moment by the server's clock.
 * False when the row is gone or a newer
 * agent has registered: this one stops. An agent that has just regained its lease may show its new epoch before it has
 * registered it.
 */
export async function heartbeatWorker(
  executor: Executor,
  name: string,
  hostEpoch: number,
  report?: Readonly<Record<string, unknown>>,
  asOf?: Date,
): Promise<boolean> {
  const result = await executor
    .updateTable('worker')
    .set({
      heartbeat_at: serverNow,
      ...(report ? { report: JSON.stringify(report), reported_at: asOf ?? serverNow } : {}),
    })
    .where('name', '=', name)
    .where('host_epoch', '<=', hostEpoch)
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/** The operator's word, which their agents read every second. Removed workers stay so. Returns how many changed. */
export async function setWorkersState(
  executor: Executor,
  names: readonly string[],
  state: 'active' | 'draining',
): Promise<number> {
  if (names.length === 0) return 0;
  const result = await executor
    .updateTable('worker')
    .set({ state })
    .where('name', 'in', names)
    .where('state', '=', state === 'active' ? 'draining' : 'active')
    .executeTakeFirst();
  return updatedRows(result);
}

export async function listWorkers(executor: Executor): Promise<WorkerRow[]> {
  return selectWorkers(executor).orderBy('name').execute();
}

export async function findWorker(executor: Executor, name: string): Promise<WorkerRow | undefined> {
  return selectWorkers(executor).where('name', '=', name).executeTakeFirst();
}

/** Every worker with its state and the age of its heartbeat, without what it says of itself. */
export async function listWorkerStates(
  executor: Executor,
): Promise<Pick<WorkerRow, 'name' | 'state' | 'heartbeatAgeMs'>[]> {
  return executor
    .selectFrom('worker')
    .select(['name', 'state', heartbeatAge().as('heartbeatAgeMs')])
    .orderBy('name')
    .execute();
}

/** Removed workers that still have sectors: what was to follow their removal is not done. */
export async function listRemovedHolders(executor: Executor, exceptParked: string): Promise<string[]> {
  const rows = await executor
    .selectFrom('worker')
    .innerJoin('sector', 'sector.worker', 'worker.name')
    .select('worker.name')
    .distinct()
    .where('worker.state', '=', 'removed')
    .where((eb) =>
      eb.or([eb('sector.parked_code', 'is', null), eb('sector.parked_code', '!=', exceptParked)]),
    )
    .execute();
  return rows.map((row) => row.name);
}

/**
 * Gives a worker up until its agent registers again. With `silentForMs` only if its heartbeat is still that old: it
 * may be back.
 */
export async function markWorkerRemoved(executor: Executor, name: string, silentForMs = 0): Promise<boolean> {
  let query = executor
    .updateTable('worker')
    .set({ state: 'removed' })
    .where('name', '=', name)
    .where('state', '!=', 'removed');
  if (silentForMs > 0) query = query.where('heartbeat_at', '<', serverTimeIn(-silentForMs));
  return updatedRows(await query.executeTakeFirst()) === 1;
}

/** The worker's state, which cannot change until the transaction ends. */
export async function lockWorkerState(trx: Trx, name: string): Promise<WorkerRow['state'] | undefined> {
  const { rows } = await sql<{ state: WorkerRow['state'] }>`SELECT state FROM worker
    WHERE name = ${name} LOCK IN SHARE MODE`.execute(trx);
  return rows[0]?.state;
}

function heartbeatAge() {
  return sql<number>`TIMESTAMPDIFF(MICROSECOND, heartbeat_at, NOW(3)) DIV 1000`;
}

function selectWorkers(executor: Executor) {
  return executor.selectFrom('worker').selectAll().select(heartbeatAge().as('heartbeatAgeMs'));
}

/** A worker as the fleet's decisions see it: without what its sealer can do. */
export type WorkerReportRow = Pick<WorkerRow, 'name' | 'state' | 'report' | 'heartbeatAgeMs'>;

/** What every worker that was not removed, or one by name, says of itself. */
export async function listWorkerReports(executor: Executor, name?: string): Promise<WorkerReportRow[]> {
  const age = sql<number>`TIMESTAMPDIFF(MICROSECOND, heartbeat_at, NOW(3)) DIV 1000`;
  let query = executor
    .selectFrom('worker')
    .select(['name', 'state', 'report', age.as('heartbeatAgeMs')])
    .orderBy('name');
  query = name === undefined ? query.where('state', '!=', 'removed') : query.where('name', '=', name);
  return query.execute();
}

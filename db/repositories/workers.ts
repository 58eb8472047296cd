import { type Selectable, sql } from 'kysely';
import type { Executor } from '../database.ts';
import type { WorkerTable } from '../schema.ts';
import { updatedRows } from './affected.ts';
import { serverNow } from './server-time.ts';

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
 * A sign of life, with what the worker says of itself (`HostReport` of #sched). False when the row is gone or a newer
 * agent has registered: this one stops.
 */
export async function heartbeatWorker(
  executor: Executor,
  name: string,
  hostEpoch: number,
  report?: Readonly<Record<string, unknown>>,
): Promise<boolean> {
  const result = await executor
    .updateTable('worker')
    .set({ heartbeat_at: serverNow, ...(report ? { report: JSON.stringify(report) } : {}) })
    .where('name', '=', name)
    .where('host_epoch', '=', hostEpoch)
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

export async function listWorkers(executor: Executor): Promise<WorkerRow[]> {
  return selectWorkers(executor).orderBy('name').execute();
}

export async function findWorker(executor: Executor, name: string): Promise<WorkerRow | undefined> {
  return selectWorkers(executor).where('name', '=', name).executeTakeFirst();
}

function selectWorkers(executor: Executor) {
  const age = sql<number>`TIMESTAMPDIFF(MICROSECOND, heartbeat_at, NOW(3)) DIV 1000`;
  return executor.selectFrom('worker').selectAll().select(age.as('heartbeatAgeMs'));
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

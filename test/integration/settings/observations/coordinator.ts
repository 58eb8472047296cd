import { sql } from 'kysely';
import { expect } from 'vitest';
import type { SettingName } from '#config';
import {
  claimRun,
  findLease,
  insertOutbox,
  listRunsOfSector,
  type PhaseRunRow,
  serverTimeIn,
  transaction,
} from '#db';
import { type JobRequest, jobId, jobPresence, queueName, removeJob } from '#queues';
import { pledgeSectors } from '#sector';
import { waitFor } from '#testing';
import type { CoordinatorBench } from '../support/coordinator-bench.ts';
import { IN_FORCE, type Observations, stays } from '../support/observation.ts';

type Bench = CoordinatorBench;

/** A run that waits in its queue. */
async function queuedRun(bench: Bench): Promise<{ run: PhaseRunRow; job: JobRequest }> {
  const { modules, miner } = bench.rig;
  const [number = -1] = await pledgeSectors(modules, { miner, count: 1 });
  const [run] = await listRunsOfSector(modules.db.kysely, { miner, number });
  if (!run) throw new Error('a pledged sector has a run');
  const job = {
    runId: run.id,
    queue: queueName(run.phase),
    jobId: jobId(run, run.phase, run.attempt),
    priority: run.priority,
  };
  return { run, job };
}

const isPublished = async (bench: Bench, job: JobRequest) =>
  (await jobPresence(bench.rig.modules.bus, job.queue, job.jobId)) === 'waiting';

export const COORDINATOR: Observations<
  Extract<SettingName, `coordinator.${string}`> | 'worker.heartbeat_expiry',
  Bench
> = {
  /** A job that Redis has lost is put back, again and again, at the new pace. */
  'coordinator.sweep_interval': async (bench) => {
    const { db, bus } = bench.rig.modules;
    await bench.given('coordinator.sweep_interval', '10m');
    const { run, job } = await queuedRun(bench);
    // Young runs are still on their way to Redis.
    await sql`UPDATE phase_run SET runnable_at = NOW(3) - INTERVAL 1 MINUTE,
      created_at = NOW(3) - INTERVAL 1 MINUTE WHERE id = ${run.id}`.execute(db.kysely);
    // The pass that the change itself woke may still find it.
    await waitFor(async () => {
      await removeJob(bus, job.queue, job.jobId);
      await stays('lost', async () => !(await isPublished(bench, job)));
      return true;
    }, IN_FORCE);
    await bench.change('coordinator.sweep_interval', '200ms');
    for (let times = 0; times < 2; times++) {
      await waitFor(() => isPublished(bench, job), { ...IN_FORCE, what: 'the sweeper' });
      await removeJob(bus, job.queue, job.jobId);
    }
  },

  'coordinator.outbox_interval': async (bench) => {
    const { db } = bench.rig.modules;
    await bench.given('coordinator.outbox_interval', '1m');
    const { run, job } = await queuedRun(bench);
    // What a process leaves that dies between its commit and its publishing.
    const leave = () => insertOutbox(db.kysely, { ...job, runId: run.id });
    const published = async (id: number) => {
      const row = await db.kysely.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirst();
      return row?.published_at !== null;
    };
    const first = await waitFor(async () => {
      const id = await leave();
      await stays('unpublished', async () => !(await published(id)));
      return id;
    }, IN_FORCE);
    await bench.change('coordinator.outbox_interval', '100ms');
    await waitFor(() => published(first), IN_FORCE);
    const second = await leave();
    await waitFor(() => published(second), IN_FORCE);
  },

  'coordinator.outbox_keep': async (bench) => {
    const { db } = bench.rig.modules;
    await bench.given('coordinator.outbox_interval', '100ms');
    const { run, job } = await queuedRun(bench);
    const id = await insertOutbox(db.kysely, { ...job, runId: run.id });
    await db.kysely
      .updateTable('outbox')
      .set({ published_at: sql<Date>`NOW(3) - INTERVAL 2 HOUR` })
      .where('id', '=', id)
      .execute();
    const isKept = async () =>
      (await db.kysely.selectFrom('outbox').select('id').where('id', '=', id).execute()).length === 1;
    await stays('kept', isKept);
    await bench.change('coordinator.outbox_keep', '1h');
    await waitFor(async () => !(await isKept()), IN_FORCE);
  },

  /** Every duty's lease gets the new term, without waiting for a third of the old one. */
  'coordinator.lease_ttl': async (bench) => {
    const { db } = bench.rig.modules;
    const duties = ['outbox', 'due-runs', 'sweep', 'chain-watch', 'batches', 'messages', 'pieces'];
    const left = async () => {
      const leases = await Promise.all(duties.map((duty) => findLease(db.kysely, `sealing:${duty}`)));
      return leases.map((lease) => (lease?.expires_at.getTime() ?? 0) - Date.now());
    };
    expect(Math.max(...(await left()))).toBeLessThan(20_000);
    await bench.change('coordinator.lease_ttl', '10m');
    await waitFor(async () => Math.min(...(await left())) > 500_000, IN_FORCE);
    await bench.change('coordinator.lease_ttl', '20s');
    await waitFor(async () => Math.max(...(await left())) < 30_000, IN_FORCE);
  },

  /** A claim that has been silent for half a minute goes back to the queue once that is too long. */
  'worker.heartbeat_expiry': async (bench) => {
    const { db } = bench.rig.modules;
    await bench.given('coordinator.sweep_interval', '200ms');
    const { run } = await queuedRun(bench);
    await transaction(db, (trx) =>
      claimRun(trx, { runId: run.id, attempt: run.attempt, worker: 'host-gone', hostEpoch: 1 }),
    );
    await db.kysely
      .updateTable('phase_run')
      .set({ heartbeat_at: serverTimeIn(-30_000) })
      .where('id', '=', run.id)
      .execute();
    const now = async () => (await listRunsOfSector(db.kysely, run))[0];
    await stays('claimed', async () => (await now())?.status === 'running');
    await bench.change('worker.heartbeat_expiry', '1s');
    await waitFor(async () => (await now())?.status === 'queued', IN_FORCE);
    expect(await now()).toMatchObject({ crashes: 1, worker: null });
  },
};

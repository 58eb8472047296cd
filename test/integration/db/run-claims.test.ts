import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SectorId } from '#core';
import {
  adoptRun,
  claimRun,
  findRun,
  finishRun,
  insertOutbox,
  insertRun,
  listDueRuns,
  listExpiredRuns,
  listRunsOfSector,
  listRunsOfWorker,
  listUnpublished,
  lockHeldRun,
  lockSector,
  markPublished,
  nextAttempt,
  noteRunProgress,
  type PhaseRunRow,
  pruneOutbox,
  queueDueRun,
  type RunFence,
  releaseClaim,
  renewRuns,
  requeueExpiredRun,
  setRunOffered,
  supersedeRuns,
  transaction,
} from '#db';
import { createMigratedDatabase, type MigratedDatabase } from '#testing';
import { addMiner, addRun, addSector } from './fixtures.ts';

let store: MigratedDatabase;
let nextNumber = 0;
beforeAll(async () => {
  store = await createMigratedDatabase({ poolSize: 20 });
  await addMiner(store.database);
});
afterAll(() => store.drop());

const newSector = () => addSector(store.database, nextNumber++);

async function claim(runId: number, worker = 'a', attempt = 1): Promise<PhaseRunRow | undefined> {
  return transaction(store.database, (trx) => claimRun(trx, { runId, attempt, worker, hostEpoch: 1 }));
}

async function claimed(id?: SectorId): Promise<RunFence> {
  const runId = await addRun(store.database, id ?? (await newSector()));
  const row = await claim(runId);
  if (!row) throw new Error('the claim was refused');
  return { runId, attempt: row.attempt, claim: row.claim };
}

/** As if the last heartbeat had been that long ago. */
async function age(runId: number, seconds: number): Promise<void> {
  await sql`UPDATE phase_run SET heartbeat_at = NOW(3) - INTERVAL ${seconds} SECOND WHERE id = ${runId}`.execute(
    store.database.kysely,
  );
}

describe('claiming', () => {
  it('of twenty claims at once exactly one wins', async () => {
    const runId = await addRun(store.database, await newSector());
    const workers = Array.from({ length: 20 }, (_, index) => `worker-${index}`);
    const results = await Promise.all(workers.map((worker) => claim(runId, worker)));

    const winners = results.filter((row) => row !== undefined);
    expect(winners).toHaveLength(1);
    expect(await findRun(store.database.kysely, runId)).toMatchObject({
      status: 'running',
      claim: 1,
      worker: winners[0]?.worker,
    });
  });

  it('lets other hosts have a run only while it is offered, and one of them', async () => {
    const runId = await addRun(store.database, await newSector());
    const { kysely } = store.database;
    await kysely.updateTable('phase_run').set({ queue_worker: 'own' }).where('id', '=', runId).execute();
    expect(await claim(runId, 'other')).toBeUndefined();
    expect(await setRunOffered(kysely, runId, true)).toBe(true);
    expect(await setRunOffered(kysely, runId, true)).toBe(false);
    expect(await setRunOffered(kysely, runId, false)).toBe(true);
    expect(await claim(runId, 'other')).toBeUndefined();
    await setRunOffered(kysely, runId, true);
    const rows = await Promise.all(['own', 'other', 'third'].map((worker) => claim(runId, worker)));
    expect(rows.filter((row) => row !== undefined)).toHaveLength(1);
    // It cannot be withdrawn from whoever has it.
    expect(await setRunOffered(kysely, runId, false)).toBe(false);
  });

  it('is taken back from a worker that is gone, and from it alone', async () => {
    const fence = await claimed();
    const { kysely } = store.database;
    expect(await releaseClaim(kysely, fence, 'b')).toBe(false);
    expect(await releaseClaim(kysely, fence, 'a')).toBe(true);
    expect(await findRun(kysely, fence.runId)).toMatchObject({ status: 'queued', worker: null, crashes: 0 });
    expect(await finishRun(kysely, fence, { status: 'done' })).toBe(false);
    expect(await claim(fence.runId, 'b')).toMatchObject({ claim: 2 });
  });

  it('refuses another attempt, a run that is not queued, and a host that the run is not meant for', async () => {
    const id = await newSector();
    const runId = await addRun(store.database, id);
    expect(await claim(runId, 'a', 2)).toBeUndefined();
    await transaction(store.database, (trx) => supersedeRuns(trx, id));
    expect(await claim(runId)).toBeUndefined();

    const forB = await transaction(store.database, (trx) =>
      insertRun(trx, { ...id, phase: 'commit1', attempt: 1, queueWorker: 'b' }),
    );
    expect(await claim(forB, 'a')).toBeUndefined();
    expect(await claim(forB, 'b')).toMatchObject({ worker: 'b' });
  });
});

describe('the fence', () => {
  it('lets the holder finish, once', async () => {
    const fence = await claimed();
    const answeredAt = new Date();
    const finish = () =>
      finishRun(store.database.kysely, fence, { status: 'done', result: { comm_r: 'ab' } }, { answeredAt });
    expect(await finish()).toBe(true);
    expect(await finish()).toBe(false);
    expect(await findRun(store.database.kysely, fence.runId)).toMatchObject({
      status: 'done',
      result: { comm_r: 'ab' },
      answered_at: answeredAt,
    });
  });

  it('refuses a result, a renewal and progress of an earlier claim', async () => {
    const old = await claimed();
    await age(old.runId, 60);
    expect(await requeueExpiredRun(store.database.kysely, old, { expiryMs: 30_000 })).toBe(true);
    const second = await claim(old.runId, 'b');
    expect(second).toMatchObject({ claim: 2, crashes: 1 });

    const { kysely } = store.database;
    expect(await finishRun(kysely, old, { status: 'done' })).toBe(false);
    expect(await noteRunProgress(kysely, old, { progress: { fraction: 0.5 } })).toBe(false);
    expect(await renewRuns(kysely, [old])).toEqual([old]);
    expect(await adoptRun(kysely, old, { worker: 'a', hostEpoch: 2 })).toBe(false);
    expect(await transaction(store.database, (trx) => lockHeldRun(trx, old))).toBeUndefined();
  });

  it('refuses everything once the run is superseded', async () => {
    const id = await newSector();
    const fence = await claimed(id);
    expect(await transaction(store.database, (trx) => supersedeRuns(trx, id))).toBe(1);
    const outcome = { status: 'failed', errorCode: 'X', errorMessage: 'late' } as const;
    expect(await finishRun(store.database.kysely, fence, outcome)).toBe(false);
  });

  it('renews many claims at once and names those that are lost', async () => {
    const fences = await Promise.all([claimed(), claimed(), claimed()]);
    const [lost, ...kept] = fences;
    if (!lost) throw new Error('no claims');
    await finishRun(store.database.kysely, lost, { status: 'done' });
    for (const fence of kept) await age(fence.runId, 60);
    const wrongAttempt = kept.map((fence) => ({ ...fence, attempt: 9 }));
    expect(await renewRuns(store.database.kysely, wrongAttempt)).toEqual(wrongAttempt);
    expect(await expiredIds()).toEqual(expect.arrayContaining(kept.map((fence) => fence.runId)));

    expect(await renewRuns(store.database.kysely, fences)).toEqual([lost]);
    const expired = await expiredIds();
    for (const fence of kept) expect(expired).not.toContain(fence.runId);
  });

  it('is kept over a restart of the agent, which adopts its claims under its new host epoch', async () => {
    const fence = await claimed();
    const { kysely } = store.database;
    expect(await adoptRun(kysely, fence, { worker: 'other', hostEpoch: 2 })).toBe(false);
    expect(await adoptRun(kysely, fence, { worker: 'a', hostEpoch: 2 })).toBe(true);
    expect(await adoptRun(kysely, fence, { worker: 'a', hostEpoch: 1 })).toBe(false);
    const running = await listRunsOfWorker(kysely, 'a');
    expect(running.find((run) => run.id === fence.runId)).toMatchObject({ host_epoch: 2 });
  });

  it('two that must see each other’s outcome do, with the sector locked first', async () => {
    const id = await newSector();
    const runs = await transaction(store.database, async (trx) => [
      await insertRun(trx, { ...id, phase: 'commit2', attempt: 1, queueWorker: null }),
      await insertRun(trx, { ...id, phase: 'landing', attempt: 1, queueWorker: null }),
    ]);
    const fences = await Promise.all(
      runs.map(async (runId) => ({ runId, attempt: 1, claim: (await claim(runId))?.claim ?? 0 })),
    );
    const accept = (fence: RunFence) =>
      transaction(store.database, async (trx) => {
        await lockSector(trx, id);
        await finishRun(trx, fence, { status: 'done' });
        const all = await listRunsOfSector(trx, id);
        return all.every((run) => run.status === 'done');
      });
    const joined = await Promise.all(fences.map(accept));
    expect(joined.toSorted()).toEqual([false, true]);
  });
});

describe('the sweeper’s queries', () => {
  it('finds claims without a heartbeat, and requeues each once', async () => {
    const fence = await claimed();
    await age(fence.runId, 60);
    expect(await expiredIds()).toContain(fence.runId);
    const requeue = () => requeueExpiredRun(store.database.kysely, fence, { expiryMs: 30_000 });
    expect((await Promise.all([requeue(), requeue()])).toSorted()).toEqual([false, true]);
  });

  it('leaves a claim alone that was renewed after it had been found', async () => {
    const fence = await claimed();
    await age(fence.runId, 60);
    await renewRuns(store.database.kysely, [fence]);
    expect(await requeueExpiredRun(store.database.kysely, fence, { expiryMs: 30_000 })).toBe(false);
  });

  it('queues waiting runs when they are due by the server’s clock', async () => {
    const later = await addRun(store.database, await newSector(), 1, 3_600_000);
    const due = await addRun(store.database, await newSector(), 1, 1);
    const { kysely } = store.database;
    await sql`DO SLEEP(0.005)`.execute(kysely);
    expect((await listDueRuns(kysely, 10)).map((run) => run.id)).toEqual([due]);
    expect(await claim(due)).toBeUndefined();
    expect(await queueDueRun(kysely, later)).toBe(false);
    expect(await queueDueRun(kysely, due)).toBe(true);
    expect(await queueDueRun(kysely, due)).toBe(false);
    expect(await claim(due)).toBeDefined();
  });

  it('counts attempts from 1, by phase', async () => {
    const id = await newSector();
    const next = () => transaction(store.database, (trx) => nextAttempt(trx, id, 'precommit1'));
    expect(await next()).toBe(1);
    await addRun(store.database, id, 1);
    expect(await next()).toBe(2);
    expect(await transaction(store.database, (trx) => nextAttempt(trx, id, 'commit2'))).toBe(1);
    await expect(addRun(store.database, id, 1)).rejects.toMatchObject({ errno: 1062 });
  });
});

describe('the outbox', () => {
  it('holds what a committed transaction asked for until it is marked', async () => {
    const { database } = store;
    const id = await newSector();
    const ask = (attempt: number) =>
      transaction(database, async (trx) => {
        const runId = await insertRun(trx, { ...id, phase: 'unseal', attempt, queueWorker: null });
        return insertOutbox(trx, { runId, queue: 'unseal', jobId: `unseal-a${attempt}`, priority: 7 });
      });
    const rolledBack = transaction(database, async (trx) => {
      const runId = await insertRun(trx, { ...id, phase: 'unseal', attempt: 9, queueWorker: null });
      await insertOutbox(trx, { runId, queue: 'unseal', jobId: 'never', priority: 1 });
      throw new Error('no');
    });
    await expect(rolledBack).rejects.toThrow('no');
    const [first, second] = [await ask(1), await ask(2)];

    const entries = await listUnpublished(database.kysely, { limit: 10 });
    expect(entries.map((entry) => entry.id)).toEqual([first, second]);
    expect(entries[0]).toMatchObject({
      queue: 'unseal',
      job_id: 'unseal-a1',
      priority: 7,
      run_status: 'queued',
    });
    expect(await listUnpublished(database.kysely, { limit: 10, olderThanMs: 60_000 })).toEqual([]);

    await markPublished(database.kysely, [first]);
    expect((await listUnpublished(database.kysely, { limit: 10 })).map((entry) => entry.id)).toEqual([
      second,
    ]);
    expect(await pruneOutbox(database.kysely, 60_000, 10)).toBe(0);
    expect(await pruneOutbox(database.kysely, -1_000, 10)).toBe(1);
  });
});

async function expiredIds(): Promise<number[]> {
  return (await listExpiredRuns(store.database.kysely, 30_000, 100)).map((run) => run.id);
}

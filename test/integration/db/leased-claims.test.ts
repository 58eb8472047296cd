import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  acquireLease,
  claimReadRun,
  claimRun,
  findRun,
  type HeldLease,
  type PhaseRunRow,
  releaseClaim,
  transaction,
} from '#db';
import { createMigratedDatabase, type MigratedDatabase } from '#testing';
import { addMiner, addRun, addSector } from './fixtures.ts';

let store: MigratedDatabase;
let serial = 0;
beforeAll(async () => {
  store = await createMigratedDatabase({ poolSize: 20 });
  await addMiner(store.database);
});
afterAll(() => store.drop());

async function waitingRun(): Promise<PhaseRunRow> {
  const runId = await addRun(store.database, await addSector(store.database, serial++));
  const row = await findRun(store.database.kysely, runId);
  if (!row) throw new Error('no run');
  return row;
}

async function leaseOf(worker: string): Promise<HeldLease> {
  const name = `worker:${worker}-${serial++}`;
  const options = { name, holder: 'first', ttlMs: 60_000 };
  const lease = await transaction(store.database, (trx) => acquireLease(trx, options));
  if (!lease) throw new Error('no lease');
  return lease;
}

const takeOver = ({ name, holder }: HeldLease) =>
  transaction(store.database, (trx) =>
    acquireLease(trx, { name, holder: 'second', ttlMs: 60_000, deadHolder: holder }),
  );

it('of twenty claims at once exactly one wins, and its row is as MySQL has it', async () => {
  const { kysely } = store.database;
  const run = await waitingRun();
  const lease = await leaseOf('a');
  const claims = Array.from({ length: 20 }, () => claimReadRun(kysely, run, { worker: 'a', lease }));
  const winners = (await Promise.all(claims)).filter((row) => row !== undefined);
  expect(winners).toHaveLength(1);
  const now = await findRun(kysely, run.id);
  expect(now).toMatchObject({ status: 'running', claim: 1, worker: 'a', host_epoch: lease.token });
  expect(winners[0]).toEqual({ ...now, claimed_at: null, heartbeat_at: null });
});

it('refuses a lease that somebody else has taken, or that is over', async () => {
  const { kysely } = store.database;
  const run = await waitingRun();
  const lease = await leaseOf('a');
  await takeOver(lease);
  expect(await claimReadRun(kysely, run, { worker: 'a', lease })).toBeUndefined();
  const brief = await transaction(store.database, (trx) =>
    acquireLease(trx, { name: `worker:brief-${serial++}`, holder: 'first', ttlMs: 1 }),
  );
  await sleep(5);
  expect(brief && (await claimReadRun(kysely, run, { worker: 'a', lease: brief }))).toBeUndefined();
  expect(await findRun(kysely, run.id)).toMatchObject({ status: 'queued', claim: 0 });
});

it('waits for a take-over that has begun, and then claims nothing', async () => {
  const { kysely } = store.database;
  const run = await waitingRun();
  const lease = await leaseOf('a');
  let claiming: Promise<PhaseRunRow | undefined> | undefined;
  await transaction(store.database, async (trx) => {
    await acquireLease(trx, { ...lease, holder: 'second', ttlMs: 60_000, deadHolder: lease.holder });
    claiming = claimReadRun(kysely, run, { worker: 'a', lease });
    const first = await Promise.race([claiming, sleep(100, 'waits')]);
    expect(first).toBe('waits');
  });
  expect(await claiming).toBeUndefined();
});

it('keeps the lease from being taken over until it has committed', async () => {
  const run = await waitingRun();
  const lease = await leaseOf('a');
  let taking: Promise<HeldLease | undefined> | undefined;
  await transaction(store.database, async (trx) => {
    expect(await claimReadRun(trx, run, { worker: 'a', lease })).toBeDefined();
    taking = takeOver(lease);
    expect(await Promise.race([taking, sleep(100, 'waits')])).toBe('waits');
  });
  expect(await taking).toMatchObject({ token: lease.token + 1 });
});

it('refuses a run that was claimed and given back since it was read', async () => {
  const { kysely } = store.database;
  const run = await waitingRun();
  const lease = await leaseOf('a');
  const { id: runId, attempt } = run;
  await transaction(store.database, (trx) => claimRun(trx, { runId, attempt, worker: 'b', hostEpoch: 1 }));
  await releaseClaim(kysely, { runId, attempt, claim: 1 }, 'b');
  expect(await claimReadRun(kysely, run, { worker: 'a', lease })).toBeUndefined();
  const again = await findRun(kysely, runId);
  expect(again && (await claimReadRun(kysely, again, { worker: 'a', lease }))).toMatchObject({ claim: 2 });
});

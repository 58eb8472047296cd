import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  acquireLease,
  assertLease,
  findLease,
  type HeldLease,
  holdLease,
  releaseLease,
  renewLease,
  transaction,
} from '#db';
import { createMigratedDatabase, type MigratedDatabase, waitFor } from '#testing';

let store: MigratedDatabase;
beforeAll(async () => {
  store = await createMigratedDatabase({ poolSize: 20 });
});
afterAll(() => store.drop());

const acquire = (name: string, holder: string, ttlMs = 60_000, deadHolder?: string) =>
  transaction(store.database, (trx) => acquireLease(trx, { name, holder, ttlMs, deadHolder }));

const expire = (name: string) =>
  sql`UPDATE lease SET expires_at = NOW(3) WHERE name = ${name}`.execute(store.database.kysely);

const assert = (lease: HeldLease) => transaction(store.database, (trx) => assertLease(trx, lease));

describe('a lease', () => {
  it('has one holder, of any number that ask at once', async () => {
    for (const round of ['first ever', 'after expiry']) {
      const asked = await Promise.all(Array.from({ length: 20 }, (_, n) => acquire('race', `${round} ${n}`)));
      expect(asked.filter((lease) => lease !== undefined)).toHaveLength(1);
      await expire('race');
    }
  });

  it('gives each new holder a higher token, and the old one can neither write, renew nor release', async () => {
    const first = await acquire('role', 'a');
    if (!first) throw new Error('not acquired');
    expect(first.token).toBe(1);
    await expect(assert(first)).resolves.toBeUndefined();
    expect(await acquire('role', 'b')).toBeUndefined();
    expect(await renewLease(store.database.kysely, first, 60_000)).toBe(true);

    await expire('role');
    expect(await renewLease(store.database.kysely, first, 60_000)).toBe(false);
    const second = await acquire('role', 'b');
    expect(second).toEqual({ name: 'role', holder: 'b', token: 2 });
    await expect(assert(first)).rejects.toMatchObject({ code: 'LEASE_LOST' });
    expect(await renewLease(store.database.kysely, first, 60_000)).toBe(false);
    await releaseLease(store.database.kysely, first);
    expect(await findLease(store.database.kysely, 'role')).toMatchObject({ holder: 'b', token: 2 });
  });

  it('is taken at once from a holder that is known to be dead', async () => {
    await acquire('host:x', 'pid-1');
    expect(await acquire('host:x', 'pid-2')).toBeUndefined();
    expect(await acquire('host:x', 'pid-2', 60_000, 'pid-9')).toBeUndefined();
    expect(await acquire('host:x', 'pid-2', 60_000, 'pid-1')).toMatchObject({ token: 2 });
  });

  it('cannot change hands while a transaction that relies on it is open', async () => {
    const lease = await acquire('writes', 'a');
    if (!lease) throw new Error('not acquired');
    const order: string[] = [];
    const checked = Promise.withResolvers<void>();
    const writing = transaction(store.database, async (trx) => {
      await assertLease(trx, lease);
      checked.resolve();
      await sql`DO SLEEP(0.2)`.execute(trx);
      order.push('written');
    });
    await checked.promise;
    const taken = acquire('writes', 'b', 60_000, 'a').then(() => order.push('taken'));
    await Promise.all([writing, taken]);
    expect(order).toEqual(['written', 'taken']);
  });
});

describe('a lease keeper', () => {
  it('renews beyond the first term, and lets go when released', async () => {
    const keeper = await holdLease({ database: store.database, name: 'kept', holder: 'a', ttlMs: 600 });
    if (!keeper) throw new Error('not acquired');
    const firstExpiry = await expiry('kept');
    await waitFor(async () => (await expiry('kept')) > firstExpiry + 600, { what: 'a second renewal' });
    expect(keeper.lease).toMatchObject({ holder: 'a' });
    expect(
      await holdLease({ database: store.database, name: 'kept', holder: 'b', ttlMs: 600 }),
    ).toBeUndefined();

    await keeper.release();
    expect(keeper.lease).toBeUndefined();
    expect(keeper.lost.aborted).toBe(false);
    expect(await acquire('kept', 'b')).toMatchObject({ token: 2 });
  });

  it('notices that another has taken over', async () => {
    const lost: HeldLease[] = [];
    const keeper = await holdLease({
      database: store.database,
      name: 'stolen',
      holder: 'a',
      ttlMs: 600,
      onLost: (lease) => lost.push(lease),
    });
    if (!keeper) throw new Error('not acquired');
    await acquire('stolen', 'b', 60_000, 'a');
    await waitFor(() => keeper.lost.aborted, { what: 'the loss' });
    expect(keeper.lease).toBeUndefined();
    expect(lost).toHaveLength(1);
    await keeper.release();
    await expect(acquire('stolen', 'c')).resolves.toBeUndefined();
  });

  it('knows at once that it is over when its process stood still beyond the term', async () => {
    const keeper = await holdLease({ database: store.database, name: 'asleep', holder: 'a', ttlMs: 200 });
    if (!keeper?.lease) throw new Error('not acquired');
    // As SIGSTOP does: no timer of this process runs meanwhile.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    expect(keeper.lease).toBeUndefined();
    await waitFor(() => keeper.lost.aborted, { what: 'the loss' });
    await keeper.release();
  });

  it('stops by its own clock when the database is gone', async () => {
    const other = await createMigratedDatabase();
    const failures: unknown[] = [];
    const keeper = await holdLease({
      database: other.database,
      name: 'alone',
      holder: 'a',
      ttlMs: 500,
      onRenewalFailed: (error) => failures.push(error),
    });
    if (!keeper) throw new Error('not acquired');
    await sql`DROP TABLE lease`.execute(other.database.kysely);
    await waitFor(() => keeper.lost.aborted, { what: 'the loss' });
    expect(keeper.lease).toBeUndefined();
    expect(failures.length).toBeGreaterThan(0);
    await keeper.release();
    await other.drop();
  });
});

async function expiry(name: string): Promise<number> {
  return (await findLease(store.database.kysely, name))?.expires_at.getTime() ?? 0;
}

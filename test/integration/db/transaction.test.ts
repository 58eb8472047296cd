import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isDuplicateKey, transaction } from '#db';
import { createMigratedDatabase, type MigratedDatabase } from '#testing';

let store: MigratedDatabase;
beforeAll(async () => {
  store = await createMigratedDatabase();
  await sql`CREATE TABLE account (id INT PRIMARY KEY, amount INT NOT NULL)`.execute(store.database.kysely);
  await sql`INSERT INTO account VALUES (1, 0), (2, 0)`.execute(store.database.kysely);
});
afterAll(() => store.drop());

/** Adds 1 to both rows in the given order and lets the other transaction reach its first row in between. */
async function addToBoth(first: number, second: number, atFirst: () => Promise<void>): Promise<number> {
  let tries = 0;
  await transaction(store.database, async (trx) => {
    tries += 1;
    await sql`UPDATE account SET amount = amount + 1 WHERE id = ${first}`.execute(trx);
    if (tries === 1) await atFirst();
    await sql`UPDATE account SET amount = amount + 1 WHERE id = ${second}`.execute(trx);
  });
  return tries;
}

describe('transaction', () => {
  it('runs the victim of a deadlock again, so that both transactions count once', async () => {
    const arrived = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const meet = (me: 0 | 1) => () => {
      arrived[me].resolve();
      return arrived[me === 0 ? 1 : 0].promise;
    };
    const tries = await Promise.all([addToBoth(1, 2, meet(0)), addToBoth(2, 1, meet(1))]);

    expect(tries.toSorted()).toEqual([1, 2]);
    const { rows } = await sql`SELECT amount FROM account`.execute(store.database.kysely);
    expect(rows).toEqual([{ amount: 2 }, { amount: 2 }]);
  });

  it('gives up after its bound, with the driver’s error as the cause', async () => {
    let tries = 0;
    const alwaysDeadlocked = transaction(store.database, async () => {
      tries += 1;
      throw Object.assign(new Error('Deadlock found'), { errno: 1213, code: 'ER_LOCK_DEADLOCK' });
    });
    await expect(alwaysDeadlocked).rejects.toMatchObject({ code: 'DB_CONFLICT', cause: { errno: 1213 } });
    expect(tries).toBe(8);
  });

  it('rolls back and passes on every other error, once', async () => {
    let tries = 0;
    const doubled = transaction(store.database, async (trx) => {
      tries += 1;
      await sql`UPDATE account SET amount = 99 WHERE id = 1`.execute(trx);
      await sql`INSERT INTO account VALUES (1, 0)`.execute(trx);
    });
    await expect(doubled).rejects.toSatisfy(isDuplicateKey);
    expect(tries).toBe(1);
    const { rows } = await sql`SELECT amount FROM account WHERE id = 1`.execute(store.database.kysely);
    expect(rows).toEqual([{ amount: 2 }]);
  });

  it('sees what others committed since it began: READ COMMITTED', async () => {
    await transaction(store.database, async (trx) => {
      await sql`SELECT * FROM account`.execute(trx);
      await sql`UPDATE account SET amount = 5 WHERE id = 2`.execute(store.database.kysely);
      const { rows } = await sql`SELECT amount FROM account WHERE id = 2`.execute(trx);
      expect(rows).toEqual([{ amount: 5 }]);
    });
  });
});

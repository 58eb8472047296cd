import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDatabase, type Executor, openDatabase, registerWorker, saveMiner } from '#db';
import { createMigratedDatabase, type MigratedDatabase, waitFor } from '#testing';

let store: MigratedDatabase;
beforeAll(async () => {
  store = await createMigratedDatabase();
});
afterAll(() => store.drop());

describe('values', () => {
  it('reads each column type as the schema says', async () => {
    const { kysely } = store.database;
    await sql`CREATE TABLE value_types (money DECIMAL(38, 0), flag TINYINT(1), small TINYINT, big BIGINT,
      ratio DECIMAL(10, 2), at DATETIME(3), document JSON, words TEXT)`.execute(kysely);
    const at = new Date('2026-11-22T23:59:59.987Z');
    const money = 1_234_567_890_123_456_789_012_345_678n;
    const document = JSON.stringify({ list: [1, 'ü', null], empty: {} });
    await sql`INSERT INTO value_types VALUES
      (${money}, ${true}, 7, ${Number.MAX_SAFE_INTEGER}, 1.25, ${at}, ${document}, '{"a":1}'),
      (${-money}, ${false}, 1, -1, 0, ${at}, 'null', ''), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)`.execute(
      kysely,
    );
    const { rows } = await sql`SELECT * FROM value_types`.execute(kysely);
    expect(rows).toEqual([
      {
        money,
        flag: true,
        small: 7,
        big: Number.MAX_SAFE_INTEGER,
        ratio: '1.25',
        at,
        document: { list: [1, 'ü', null], empty: {} },
        words: '{"a":1}',
      },
      { money: -money, flag: false, small: 1, big: -1, ratio: '0.00', at, document: null, words: '' },
      { money: null, flag: null, small: null, big: null, ratio: null, at: null, document: null, words: null },
    ]);
  });

  it('counts and sums as numbers and bigints', async () => {
    const { rows } = await sql`SELECT COUNT(*) AS count, SUM(money) AS sum FROM value_types`.execute(
      store.database.kysely,
    );
    expect(rows).toEqual([{ count: 3, sum: 0n }]);
  });

  it('returns JSON columns of the tables as values', async () => {
    const { kysely } = store.database;
    const capabilities = { phases: ['precommit1'], gpu: { count: 2 } };
    const base = { name: 'json', bootId: 'b', hostEpoch: 1, pid: 2, version: '1' };
    expect(await registerWorker(kysely, { ...base, capabilities })).toBe(true);
    const row = await kysely.selectFrom('worker').selectAll().where('name', '=', 'json').executeTakeFirst();
    expect(row?.capabilities).toEqual(capabilities);
  });

  it('stores times in UTC whatever zone server and process are in', async () => {
    const { kysely } = store.database;
    await saveMiner(kysely, { id: 1, network: 'n', sector_size: '2KiB', owner: 'o', worker: 'w' });
    const row = await kysely
      .selectFrom('miner')
      .select(['created_at', sql<number>`UNIX_TIMESTAMP()`.as('seconds')])
      .executeTakeFirstOrThrow();
    expect(Math.abs(row.created_at.getTime() / 1000 - row.seconds)).toBeLessThan(60);
  });
});

describe('sessions', () => {
  it('every connection of the pool is READ COMMITTED, strict and in UTC before its first statement', async () => {
    const { kysely } = store.database;
    const isolation = sql<{ zone: string; mode: string; level: string }>`SELECT @@time_zone AS zone,
      @@sql_mode AS mode, ${sql.raw(await isolationVariable())} AS level`;
    const sessions = await Promise.all(Array.from({ length: 10 }, () => isolation.execute(kysely)));
    for (const { rows } of sessions) {
      expect(rows[0]).toMatchObject({ zone: '+00:00', level: 'READ-COMMITTED' });
      expect(rows[0]?.mode).toContain('STRICT_ALL_TABLES');
    }
  });

  it('one is kept where one is enough; another opens while that is held for long, and closes again', async () => {
    const small = openDatabase({ ...store.options, poolSize: 3, steadySize: 1 });
    const { kysely } = small;
    const id = async (executor: Executor = kysely) =>
      (await sql<{ id: number }>`SELECT CONNECTION_ID() AS id`.execute(executor)).rows[0]?.id;
    const own = await id();
    expect(new Set(await Promise.all(Array.from({ length: 10 }, () => id())))).toEqual(new Set([own]));
    const other = await kysely.transaction().execute(async (trx) => {
      expect(await id(trx)).toBe(own);
      return id();
    });
    expect(other).not.toBe(own);
    await waitFor(
      async () => {
        const { rows } = await sql<{ ID: number }>`SELECT ID FROM information_schema.processlist
          WHERE ID = ${other}`.execute(kysely);
        return rows.length === 0;
      },
      { what: 'the spare connection to close' },
    );
    expect(await id()).toBe(own);
    await small.close();
  });

  it('refuses a value that does not fit instead of cutting it off', async () => {
    const tooLong = 'x'.repeat(65);
    const insert = saveMiner(store.database.kysely, {
      id: 2,
      network: tooLong,
      sector_size: '2KiB',
      owner: 'o',
      worker: 'w',
    });
    await expect(insert).rejects.toMatchObject({ errno: 1406 });
  });
});

describe('failures', () => {
  it('accepts the server it runs on', async () => {
    expect(await checkDatabase(store.database.kysely)).toMatch(/^\d+\.\d+/);
  });

  it.each([
    [
      'a wrong password',
      (url: URL) => Object.assign(url, { username: 'nobody', password: 'x' }),
      'DB_ACCESS_DENIED',
    ],
    ['an unknown database', (url: URL) => Object.assign(url, { pathname: '/none_here' }), 'DB_NAME_UNKNOWN'],
    ['a port where nobody listens', () => new URL('mysql://u:p@127.0.0.1:1/db'), 'DB_UNREACHABLE'],
    [
      'a socket that is not there',
      () => new URL('mysql://u@x/db?socketPath=/nowhere.sock'),
      'DB_UNREACHABLE',
    ],
    ['a host without a name', () => new URL('mysql://u:p@host.invalid/db'), 'DB_UNREACHABLE'],
  ])('%s is told by its code', async (_what, change, code) => {
    const isOther = code === 'DB_NAME_UNKNOWN';
    const url = change(new URL(store.options.url)).href;
    const other = openDatabase({ url, ...(isOther ? { passwordFile: store.options.passwordFile } : {}) });
    try {
      await expect(checkDatabase(other.kysely)).rejects.toMatchObject({ code });
    } finally {
      await other.close();
    }
  });

  it('a statement that does not come back is given up, and its connection with it', async () => {
    const hasty = openDatabase({ ...store.options, poolSize: 1, queryTimeoutMs: 200 });
    try {
      await expect(sql`SELECT SLEEP(20)`.execute(hasty.kysely)).rejects.toMatchObject({
        code: 'DB_TIMED_OUT',
      });
      const { rows } = await sql`SELECT 1 AS one`.execute(hasty.kysely);
      expect(rows).toEqual([{ one: 1 }]);
    } finally {
      await hasty.close();
    }
  });

  it('a pool that is used up says so', async () => {
    const small = openDatabase({ ...store.options, poolSize: 1, acquireTimeoutMs: 100 });
    try {
      await small.kysely.connection().execute(async () => {
        await expect(checkDatabase(small.kysely)).rejects.toMatchObject({ code: 'DB_BUSY' });
      });
      await expect(checkDatabase(small.kysely)).resolves.toBeTruthy();
    } finally {
      await small.close();
    }
  });

  it('a killed connection is DB_UNREACHABLE, and the pool goes on with a new one', async () => {
    const { kysely } = store.database;
    await expect(
      kysely.transaction().execute(async (trx) => {
        const { rows } = await sql<{ id: number }>`SELECT CONNECTION_ID() AS id`.execute(trx);
        await sql`KILL ${sql.lit(rows[0]?.id ?? 0)}`.execute(kysely);
        await sql`SELECT 1`.execute(trx);
      }),
    ).rejects.toMatchObject({ code: 'DB_UNREACHABLE' });
    await expect(checkDatabase(kysely)).resolves.toBeTruthy();
  });
});

/** MariaDB before 11.1 has no `transaction_isolation`, MySQL 8 no `tx_isolation`. */
async function isolationVariable(): Promise<string> {
  const version = await checkDatabase(store.database.kysely);
  return /mariadb/i.test(version) ? '@@tx_isolation' : '@@transaction_isolation';
}

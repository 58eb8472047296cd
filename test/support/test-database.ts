import { randomBytes } from 'node:crypto';
import { createConnection, type PoolOptions } from 'mysql2/promise';
import { mysqlOptions } from './server-options.ts';

/** A database of its own for one suite. */
export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  /** For `createPool` or `createConnection` of mysql2: the server, the user and this database. */
  readonly options: PoolOptions;
  /** BEEPRO_MYSQL_URL for child processes; the password comes by BEEPRO_MYSQL_PASSWORD_FILE, as it is set. */
  readonly url: string;
  drop(): Promise<void>;
}

/**
 * Creates an empty database on the server that the environment names.
 *
 * ```ts
 * const database = await createTestDatabase();
 * afterAll(() => database.drop());
 * ```
 */
export async function createTestDatabase(env: NodeJS.ProcessEnv = process.env): Promise<TestDatabase> {
  const server = mysqlOptions(env);
  const name = `beepro_test_${randomBytes(6).toString('hex')}`;
  await execute(server, `CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const drop = () => execute(server, `DROP DATABASE IF EXISTS ${name}`);
  const url = new URL(env.BEEPRO_MYSQL_URL ?? '');
  url.pathname = `/${name}`;
  return { name, options: { ...server, database: name }, url: url.href, drop, [Symbol.asyncDispose]: drop };
}

async function execute(server: PoolOptions, sql: string): Promise<void> {
  const connection = await createConnection(server);
  try {
    await connection.query(sql);
  } finally {
    await connection.end();
  }
}

import { Kysely, MysqlDialect, sql, type Transaction } from 'kysely';
import { BeeproError } from '#core';
import { parseDatabaseUrl } from './connection/database-url.ts';
import { BoundedPool } from './connection/pool.ts';
import type { Tables } from './schema/index.ts';

/** What every repository function takes first: the database, or a transaction on it. */
export type Executor = Kysely<Tables>;
/** For functions that lock rows and are meaningless outside a transaction. */
export type Trx = Transaction<Tables>;

export interface Database {
  readonly kysely: Kysely<Tables>;
  close(): Promise<void>;
}

export interface DatabaseOptions {
  /** See `parseDatabaseUrl`. */
  readonly url: string;
  /** Read once, in place of a password in the URL. */
  readonly passwordFile?: string | undefined;
  readonly poolSize?: number | undefined;
  /**
   * Connections that are kept, of the `poolSize`: the others are opened for those who have waited two seconds, and
   * closed again. For the many processes of a fleet; default: all.
   */
  readonly steadySize?: number | undefined;
  /** Milliseconds; default 60,000, 0 for none. */
  readonly queryTimeoutMs?: number | undefined;
  /** Milliseconds to wait for a free connection; default 30,000. */
  readonly acquireTimeoutMs?: number | undefined;
}

/**
 * A pool to a MariaDB or MySQL database. Nothing is connected before the first statement: whoever wants to know at
 * once calls {@link checkDatabase}.
 *
 * ```ts
 * const database = openDatabase({ url: 'mysql://beepro@localhost/beepro?socketPath=/run/mysqld.sock' });
 * const miners = await listMiners(database.kysely);
 * await database.close();
 * ```
 * @throws BeeproError `DB_URL_INVALID`; statements throw `DB_UNREACHABLE`, `DB_ACCESS_DENIED`, `DB_NAME_UNKNOWN`,
 * `DB_BUSY`, `DB_TIMED_OUT`, `DB_READ_ONLY`, `DB_FULL`, or the driver's error for the statement itself.
 */
export function openDatabase(options: DatabaseOptions): Database {
  const target = parseDatabaseUrl(options.url, options.passwordFile);
  const pool = new BoundedPool(target, {
    poolSize: options.poolSize ?? 5,
    steadySize: options.steadySize,
    acquireTimeoutMs: options.acquireTimeoutMs ?? 30_000,
    queryTimeoutMs: options.queryTimeoutMs ?? 60_000,
  });
  const kysely = new Kysely<Tables>({ dialect: new MysqlDialect({ pool }) });
  let closing: Promise<void> | undefined;
  return {
    kysely,
    close: () => {
      closing ??= kysely.destroy().then(() => pool.close());
      return closing;
    },
  };
}

/**
 * Connects once and returns the server's version.
 * @throws BeeproError `DB_UNREACHABLE`, `DB_ACCESS_DENIED`, `DB_NAME_UNKNOWN`, `DB_SERVER_TOO_OLD`
 */
export async function checkDatabase(executor: Executor): Promise<string> {
  const { rows } = await sql<{ version: string }>`SELECT VERSION() AS version`.execute(executor);
  const version = rows[0]?.version ?? '';
  if (!isServerRecentEnough(version)) throw new BeeproError('DB_SERVER_TOO_OLD', { version });
  return version;
}

/** SKIP LOCKED came with MariaDB 10.6 and MySQL 8.0.1, enforced CHECK constraints with MySQL 8.0.16. */
export function isServerRecentEnough(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split(/[^0-9]/, 3).map(Number);
  const [wantMajor, wantMinor, wantPatch] = /mariadb/i.test(version) ? [10, 6, 0] : [8, 0, 16];
  return (major - wantMajor || minor - wantMinor || patch - wantPatch) >= 0;
}

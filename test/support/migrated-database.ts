import { type Database, type DatabaseOptions, migrate, openDatabase } from '#db';
import { createTestDatabase, type TestDatabase } from './test-database.ts';

/** A database of its own with the project's tables, and an open pool to it. */
export interface MigratedDatabase extends AsyncDisposable {
  readonly database: Database;
  /** What other connections and child processes open it with. */
  readonly options: DatabaseOptions;
  /** Closes the pool and drops the database. */
  drop(): Promise<void>;
}

/**
 * ```ts
 * const store = await createMigratedDatabase();
 * afterAll(() => store.drop());
 * ```
 */
export async function createMigratedDatabase(
  limits: Partial<DatabaseOptions> = {},
): Promise<MigratedDatabase> {
  const created: TestDatabase = await createTestDatabase();
  const passwordFile = process.env.BEEPRO_MYSQL_PASSWORD_FILE;
  const options: DatabaseOptions = { url: created.url, passwordFile, poolSize: 10, ...limits };
  const database = openDatabase(options);
  await migrate(database);
  const drop = async () => {
    await database.close();
    await created.drop();
  };
  return { database, options, drop, [Symbol.asyncDispose]: drop };
}

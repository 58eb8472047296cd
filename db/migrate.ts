import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { BeeproError } from '#core';
import { isDriverError } from './connection/connection-errors.ts';
import {
  checkDatabase,
  type Database,
  type DatabaseOptions,
  type Executor,
  openDatabase,
} from './database.ts';
import { MIGRATIONS, type Migration } from './migrations/index.ts';
import type { Tables } from './schema/index.ts';

const LOCK_WAIT_MS = 10 * 60_000;
const LOCK_POLL_S = 10;

export interface MigrationStatus {
  /** Every migration this program knows, and when it was finished in this database. */
  readonly migrations: readonly { number: number; name: string; finishedAt: Date | undefined }[];
  readonly pending: number;
  /** The highest number in the database, also of migrations this program does not know. */
  readonly databaseNumber: number;
}

interface MigrateOptions {
  readonly migrations?: readonly Migration[];
  readonly onStep?: (migration: Migration, step: number) => void;
}

/**
 * Brings the database to this program's schema. Any number of processes may call it at once: one migrates under a
 * server-wide lock, the others wait and find nothing to do. A crash in the middle is continued at the next step,
 * since DDL commits by itself and each finished step is recorded.
 * @returns the migrations that were applied
 * @throws BeeproError `DB_NEWER_THAN_PROGRAM`, `DB_MIGRATION_CHANGED`, `DB_MIGRATION_LOCKED`, `DB_MIGRATION_FAILED`
 */
export async function migrate(database: Database, options: MigrateOptions = {}): Promise<Migration[]> {
  const migrations = options.migrations ?? MIGRATIONS;
  await checkDatabase(database.kysely);
  // GET_LOCK belongs to its connection and goes with it, which is just right here.
  return database.kysely.connection().execute(async (connection) => {
    const lock = await takeLock(connection);
    try {
      await createMigrationTable(connection);
      const applied: Migration[] = [];
      const known = await readRecords(connection);
      refuseUnknown(known, migrations);
      for (const migration of migrations) {
        if (await applyMigration(connection, migration, known.get(migration.number), options.onStep)) {
          applied.push(migration);
        }
      }
      return applied;
    } finally {
      await sql`SELECT RELEASE_LOCK(${lock})`.execute(connection);
    }
  });
}

/** {@link migrate} over a connection of its own without a statement time-out: altering a large table takes long. */
export async function migrateDatabase(
  options: DatabaseOptions,
  onStep?: MigrateOptions['onStep'],
): Promise<Migration[]> {
  const database = openDatabase({ ...options, poolSize: 1, queryTimeoutMs: 0 });
  try {
    return await migrate(database, onStep === undefined ? {} : { onStep });
  } finally {
    await database.close();
  }
}

export async function migrationStatus(executor: Executor): Promise<MigrationStatus> {
  const exists = await sql<{ found: number }>`SELECT COUNT(*) AS found FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name = 'migration'`.execute(executor);
  const records = exists.rows[0]?.found ? await readRecords(executor) : new Map<number, MigrationRecord>();
  const migrations = MIGRATIONS.map(({ number, name }) => ({
    number,
    name,
    finishedAt: records.get(number)?.finished_at ?? undefined,
  }));
  return {
    migrations,
    pending: migrations.filter((migration) => migration.finishedAt === undefined).length,
    databaseNumber: Math.max(0, ...records.keys()),
  };
}

/**
 * For roles that do not migrate themselves.
 * @throws BeeproError `DB_NOT_MIGRATED`, `DB_NEWER_THAN_PROGRAM`
 */
export async function requireMigrated(executor: Executor): Promise<void> {
  const status = await migrationStatus(executor);
  const program = highest(MIGRATIONS);
  if (status.databaseNumber > program) {
    throw new BeeproError('DB_NEWER_THAN_PROGRAM', { database: status.databaseNumber, program });
  }
  const first = status.migrations.find((migration) => migration.finishedAt === undefined);
  if (first) {
    throw new BeeproError('DB_NOT_MIGRATED', {
      missing: status.pending,
      first: `${first.number}-${first.name}`,
    });
  }
}

interface MigrationRecord {
  number: number;
  name: string;
  digest: string;
  steps_done: number;
  finished_at: Date | null;
}

async function takeLock(connection: Kysely<Tables>): Promise<string> {
  const named = await sql<{ name: string }>`SELECT LEFT(SHA2(DATABASE(), 256), 40) AS name`.execute(
    connection,
  );
  const lock = `beepro-migrate-${named.rows[0]?.name}`;
  for (let waited = 0; waited < LOCK_WAIT_MS; waited += LOCK_POLL_S * 1000) {
    const answer = await sql<{ got: number | null }>`SELECT GET_LOCK(${lock}, ${LOCK_POLL_S}) AS got`.execute(
      connection,
    );
    if (answer.rows[0]?.got === 1) return lock;
  }
  throw new BeeproError('DB_MIGRATION_LOCKED', { ms: LOCK_WAIT_MS });
}

async function createMigrationTable(connection: Kysely<Tables>): Promise<void> {
  await sql`CREATE TABLE IF NOT EXISTS migration (
    number INT NOT NULL PRIMARY KEY,
    name VARCHAR(128) NOT NULL,
    digest CHAR(64) NOT NULL,
    steps_done INT NOT NULL,
    finished_at DATETIME(3) NULL
  ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`.execute(connection);
}

async function readRecords(executor: Executor): Promise<Map<number, MigrationRecord>> {
  const { rows } = await sql<MigrationRecord>`SELECT * FROM migration`.execute(executor);
  return new Map(rows.map((row) => [row.number, row]));
}

function refuseUnknown(known: ReadonlyMap<number, MigrationRecord>, migrations: readonly Migration[]): void {
  const database = Math.max(0, ...known.keys());
  const program = highest(migrations);
  if (database > program) throw new BeeproError('DB_NEWER_THAN_PROGRAM', { database, program });
}

function highest(migrations: readonly Migration[]): number {
  return Math.max(0, ...migrations.map(({ number }) => number));
}

async function applyMigration(
  connection: Kysely<Tables>,
  migration: Migration,
  record: MigrationRecord | undefined,
  onStep: MigrateOptions['onStep'],
): Promise<boolean> {
  const name = `${migration.number}-${migration.name}`;
  const digest = createHash('sha256').update(JSON.stringify(migration.steps)).digest('hex');
  if (record && record.digest !== digest) throw new BeeproError('DB_MIGRATION_CHANGED', { migration: name });
  if (record?.finished_at) return false;
  if (!record) {
    await sql`INSERT INTO migration (number, name, digest, steps_done)
      VALUES (${migration.number}, ${migration.name}, ${digest}, 0)`.execute(connection);
  }
  const done = record?.steps_done ?? 0;
  for (const [index, step] of migration.steps.entries()) {
    if (index < done) continue;
    onStep?.(migration, index + 1);
    try {
      await sql.raw(step).execute(connection);
    } catch (error) {
      // The step itself may have been done by a run that died before it could say so.
      if (!(record && index === done && isAlreadyThere(error))) {
        const detail = error instanceof Error ? error.message : String(error);
        throw new BeeproError(
          'DB_MIGRATION_FAILED',
          { migration: name, step: index + 1, detail },
          { cause: error },
        );
      }
    }
    await sql`UPDATE migration SET steps_done = ${index + 1} WHERE number = ${migration.number}`.execute(
      connection,
    );
  }
  await sql`UPDATE migration SET finished_at = NOW(3) WHERE number = ${migration.number}`.execute(connection);
  return true;
}

/** 1050 table, 1060 column, 1061 index exists; 1826 and 3822 a constraint of that name does. */
function isAlreadyThere(error: unknown): boolean {
  return isDriverError(error) && [1050, 1060, 1061, 1826, 3822].includes(error.errno ?? 0);
}

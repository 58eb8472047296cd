import { readdir } from 'node:fs/promises';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Database,
  type Migration,
  migrate,
  migrateDatabase,
  migrationStatus,
  openDatabase,
  requireMigrated,
} from '#db';
import { createTestDatabase, type TestDatabase } from '#testing';
import { MIGRATIONS } from '../../../db/migrations/index.ts';

let server: TestDatabase;
let database: Database;
const options = () => ({ url: server.url, passwordFile: process.env.BEEPRO_MYSQL_PASSWORD_FILE });

beforeAll(async () => {
  server = await createTestDatabase();
  database = openDatabase(options());
});
afterAll(async () => {
  await database.close();
  await server.drop();
});

describe('the list of migrations', () => {
  it('counts from 1 without gaps, and files are named for their migrations', async () => {
    expect(MIGRATIONS.map((migration) => migration.number)).toEqual(MIGRATIONS.map((_, index) => index + 1));
    const files = await readdir(new URL('../../../db/migrations/', import.meta.url));
    const numbered = files.filter((file) => /^\d/.test(file)).toSorted();
    const expected = MIGRATIONS.map(({ number, name }) => `${String(number).padStart(4, '0')}-${name}.ts`);
    expect(numbered).toEqual(expected);
  });
});

describe('migrate', () => {
  it('tells an empty database from a migrated one', async () => {
    await expect(requireMigrated(database.kysely)).rejects.toMatchObject({ code: 'DB_NOT_MIGRATED' });
    expect(await migrationStatus(database.kysely)).toMatchObject({
      pending: MIGRATIONS.length,
      databaseNumber: 0,
    });
  });

  it('is done once, however many processes begin at the same time', async () => {
    const applied = await Promise.all([1, 2, 3, 4].map(() => migrateDatabase(options())));
    expect(applied.map((list) => list.length).toSorted()).toEqual([0, 0, 0, MIGRATIONS.length]);
    await expect(requireMigrated(database.kysely)).resolves.toBeUndefined();
    expect(await migrate(database)).toEqual([]);
  });

  it('goes on at the step a crash left open, even when that step was done but not recorded', async () => {
    const extra: Migration = {
      number: MIGRATIONS.length + 1,
      name: 'extra',
      steps: [
        'CREATE TABLE extra_a (id INT PRIMARY KEY)',
        'CREATE TABLE extra_b (id INT PRIMARY KEY)',
        'ALTER TABLE extra_b ADD COLUMN note TEXT',
      ],
    };
    const migrations = [...MIGRATIONS, extra];
    const crash = new Error('crash');
    const dying = migrate(database, {
      migrations,
      onStep: (_migration, step) => {
        if (step === 3) throw crash;
      },
    });
    await expect(dying).rejects.toBe(crash);
    await sql`ALTER TABLE extra_b ADD COLUMN note TEXT`.execute(database.kysely);

    const steps: number[] = [];
    await migrate(database, { migrations, onStep: (_migration, step) => steps.push(step) });
    expect(steps).toEqual([3]);
  });

  it('refuses a database that a newer program has migrated', async () => {
    await expect(migrate(database)).rejects.toMatchObject({ code: 'DB_NEWER_THAN_PROGRAM' });
    await expect(requireMigrated(database.kysely)).rejects.toMatchObject({ code: 'DB_NEWER_THAN_PROGRAM' });
    await sql`DELETE FROM migration WHERE name = 'extra'`.execute(database.kysely);
  });

  it('refuses an edited migration', async () => {
    const [first, ...rest] = MIGRATIONS;
    if (!first) throw new Error('no migrations');
    const edited = [{ ...first, steps: [...first.steps, 'SELECT 1'] }, ...rest];
    await expect(migrate(database, { migrations: edited })).rejects.toMatchObject({
      code: 'DB_MIGRATION_CHANGED',
    });
  });

  it('says which step failed, and leaves the lock free', async () => {
    const broken: Migration = {
      number: MIGRATIONS.length + 1,
      name: 'broken',
      steps: ['SELECT 1', 'NO SQL'],
    };
    await expect(migrate(database, { migrations: [...MIGRATIONS, broken] })).rejects.toMatchObject({
      code: 'DB_MIGRATION_FAILED',
      data: { migration: `${broken.number}-broken`, step: 2 },
    });
    await sql`DELETE FROM migration WHERE name = 'broken'`.execute(database.kysely);
    expect(await migrate(database)).toEqual([]);
  });
});

describe('the tables', () => {
  it('are all InnoDB with binary collation, so that no name is lost to letter case', async () => {
    const { rows } = await sql<{ name: string }>`SELECT table_name AS name FROM information_schema.tables
      WHERE table_schema = DATABASE() AND (engine <> 'InnoDB' OR table_collation <> 'utf8mb4_bin')
        AND table_name NOT LIKE 'extra%'`.execute(database.kysely);
    expect(rows).toEqual([]);
  });
});

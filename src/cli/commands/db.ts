import type { Command } from 'commander';
import { type JsonOption, printDone, printRows, withJson } from '../command-io.ts';
import { withContext } from '../context.ts';

export function registerDb(program: Command): void {
  const db = program.command('db').description('the database');

  withJson(db.command('migrate'))
    .description('bring the database to this version of BeePro; every role does so by itself when it starts')
    .action((options: JsonOption) =>
      withContext(
        async (context) => {
          const { needMysql } = await import('#config');
          const { migrateDatabase } = await import('#db');
          const applied = await migrateDatabase(needMysql(context.environment), (migration, step) => {
            process.stderr.write(
              `${migration.number}-${migration.name}: step ${step} of ${migration.steps.length}\n`,
            );
          });
          const names = applied.map((migration) => `${migration.number}-${migration.name}`);
          const sentence =
            names.length === 0 ? 'The database is up to date.' : `Applied ${names.join(', ')}.`;
          printDone(sentence, { applied: names }, options);
        },
        { database: 'as it is' },
      ),
    );

  withJson(db.command('status'))
    .description('which migrations the database has')
    .action((options: JsonOption) =>
      withContext(
        async (context) => {
          const { migrationStatus } = await import('#db');
          const { migrations } = await migrationStatus(context.database.kysely);
          printRows(
            migrations,
            [
              { title: 'NUMBER', value: (row) => row.number, align: 'right' },
              { title: 'NAME', value: (row) => row.name },
              { title: 'FINISHED', value: (row) => row.finishedAt?.toISOString() ?? 'pending' },
            ],
            { ...options, none: 'This version knows no migration.' },
          );
        },
        { database: 'as it is' },
      ),
    );
}

import { defineErrors } from './define.ts';

export const DATABASE_ERRORS = defineErrors({
  DB_URL_INVALID: {
    severity: 'fatal',
    message: 'The database URL is not valid: {detail}',
    cure: 'Write it as mysql://user:password@host:3306/database, with ?socketPath=/path for a unix socket.',
  },
  DB_UNREACHABLE: {
    severity: 'temporary',
    message: 'The database at {server} cannot be reached: {detail}',
    cure: 'Start the server, or correct BEEPRO_MYSQL_URL; it is tried again with back-off.',
  },
  DB_ACCESS_DENIED: {
    severity: 'fatal',
    message: 'The database at {server} refuses the user: {detail}',
    cure: 'Correct user and password (BEEPRO_MYSQL_URL, BEEPRO_MYSQL_PASSWORD_FILE) and the grants of that user.',
  },
  DB_NAME_UNKNOWN: {
    severity: 'fatal',
    message: 'The server {server} has no such database: {detail}',
    cure: 'Create it with CREATE DATABASE, or correct the name in BEEPRO_MYSQL_URL.',
  },
  DB_SERVER_TOO_OLD: {
    severity: 'fatal',
    message: 'The database server is {version}; MariaDB 10.6 or MySQL 8.0.16 is the oldest that works',
    cure: 'Use MariaDB 10.11 or later, or MySQL 8.4 or later.',
  },
  DB_BUSY: {
    severity: 'temporary',
    message: 'No database connection was free within {ms} ms (all {poolSize} in use)',
    cure: 'It is tried again; raise the pool size or the load on the server is too high.',
  },
  DB_TIMED_OUT: {
    severity: 'temporary',
    message: 'The database gave no answer within {ms} ms',
    cure: 'It is tried again; check the load of the server and the network to it.',
  },
  DB_CONFLICT: {
    severity: 'temporary',
    message: 'A transaction met a deadlock or lock time-out {tries} times',
    cure: 'It is tried again; if it returns, look for a long open transaction with SHOW ENGINE INNODB STATUS.',
  },
  DB_READ_ONLY: {
    severity: 'temporary',
    message: 'The database at {server} is read-only: {detail}',
    cure: 'Point BEEPRO_MYSQL_URL at the server that takes writes, or finish its failover.',
  },
  DB_FULL: {
    severity: 'temporary',
    message: 'The database at {server} has no space left: {detail}',
    cure: 'Free disk space on the database server; work goes on by itself.',
  },
  DB_NOT_MIGRATED: {
    severity: 'fatal',
    message: 'The database lacks {missing} migration(s), the first is {first}',
    cure: 'Run "beepro db migrate", or start a role, which does it by itself.',
  },
  DB_NEWER_THAN_PROGRAM: {
    severity: 'fatal',
    message: 'The database is at migration {database}, this program knows only up to {program}',
    cure: 'Upgrade this host to the version that the others run; an older one could damage the data.',
  },
  DB_MIGRATION_CHANGED: {
    severity: 'fatal',
    message: 'Migration {migration} was applied to this database with another content',
    cure: 'Applied migrations are never edited: restore its file and add a new migration instead.',
  },
  DB_MIGRATION_LOCKED: {
    severity: 'temporary',
    message: 'Another process has been migrating the database for more than {ms} ms',
    cure: 'Wait for it to end, then start again.',
  },
  DB_MIGRATION_FAILED: {
    severity: 'fatal',
    message: 'Migration {migration} failed at step {step}: {detail}',
    cure: 'Remove the cause (often a missing grant or disk space) and run "beepro db migrate" again; it goes on at that step.',
  },
  LEASE_LOST: {
    severity: 'temporary',
    message: 'The lease {name} is no longer held with token {token}',
    cure: 'Another process has taken over; this one stops that work by itself.',
  },
});

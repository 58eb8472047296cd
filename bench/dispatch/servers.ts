import { sql } from 'kysely';
import { needMysql, needRedis, readEnvironment } from '#config';
import { type Database, openDatabase } from '#db';
import type { QueueBus } from '#queues';
import { listProcesses } from '../../scripts/setup/process-registry.mjs';
import { cpuSeconds } from './process-use.ts';

/** The private Redis and MariaDB of this run. */
export interface Servers {
  readonly mysql: { readonly url: string; readonly passwordFile: string | undefined };
  readonly redisUrl: string;
  /** A database of its own for one fleet; it stays until the servers end. */
  createDatabase(name: string): Promise<{ readonly url: string; readonly passwordFile: string | undefined }>;
  /** CPU seconds used so far. */
  cpu(): { readonly redis: number; readonly mariadb: number };
}

/** @param connections that the fleet will want of MariaDB */
export async function openServers(connections: number): Promise<Servers> {
  const environment = readEnvironment();
  const mysql = needMysql(environment);
  const admin = openDatabase(mysql);
  try {
    // The run's own server, with what its folder is made for: a suite's needs.
    await sql`SET GLOBAL max_connections = ${sql.lit(2 * connections + 200)}`.execute(admin.kysely);
    await sql`SET GLOBAL innodb_buffer_pool_size = ${sql.lit(512 * 2 ** 20)}`.execute(admin.kysely);
  } finally {
    await admin.close();
  }
  const pids = {
    redis: ownPid('redis'),
    mariadb: ownPid('mariadb'),
  };
  return {
    mysql,
    redisUrl: needRedis(environment).url,
    cpu: () => ({ redis: cpuSeconds(pids.redis), mariadb: cpuSeconds(pids.mariadb) }),
    createDatabase: async (name) => {
      const database = openDatabase(mysql);
      try {
        await sql`CREATE DATABASE ${sql.id(name)} CHARACTER SET utf8mb4`.execute(database.kysely);
      } finally {
        await database.close();
      }
      const url = new URL(mysql.url);
      url.pathname = `/${name}`;
      return { url: url.href, passwordFile: mysql.passwordFile };
    },
  };
}

/** @throws Error when the servers are not private ones of this run: their CPU and limits could not be told */
function ownPid(what: string): number {
  const { BEEPRO_PROCESS_REGISTRY: registry = '', BEEPRO_RUN: run = '' } = process.env;
  const record = listProcesses(registry).find((one) => one.run === run && one.what === what);
  if (!record)
    throw new Error(`${what} is not a server of this run: leave BEEPRO_REDIS_URL and BEEPRO_MYSQL_URL unset`);
  return record.pid;
}

/** Connections that the servers have now, by their own count. */
export async function countConnections(database: Database, bus: QueueBus): Promise<number> {
  const { rows } = await sql<{ Value: string }>`SHOW STATUS LIKE 'Threads_connected'`.execute(
    database.kysely,
  );
  const clients = /^connected_clients:(\d+)/m.exec(await bus.client.info('clients'))?.[1];
  return Number(rows[0]?.Value ?? 0) + Number(clients ?? 0);
}

/** Statements that MariaDB has answered so far. */
export async function countStatements(database: Database): Promise<number> {
  const { rows } = await sql<{ Value: string }>`SHOW GLOBAL STATUS LIKE 'Questions'`.execute(database.kysely);
  return Number(rows[0]?.Value ?? 0);
}

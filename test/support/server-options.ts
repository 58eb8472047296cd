import { readFileSync } from 'node:fs';
import type { RedisOptions } from 'ioredis';
import type { PoolOptions } from 'mysql2/promise';

/** Without the option that changes the types of all answers; so it fits ioredis' constructor. */
export type PlainRedisOptions = Omit<RedisOptions, 'replyMapping'>;

type Environment = Readonly<Record<string, string | undefined>>;

/** How to reach the Redis that BEEPRO_REDIS_URL names (`redis://`, `rediss://` or `redis+unix://`). */
export function redisOptions(env: Environment = process.env): PlainRedisOptions {
  const url = new URL(need(env, 'BEEPRO_REDIS_URL'));
  const password = readSecret(env.BEEPRO_REDIS_PASSWORD_FILE) ?? decodeURIComponent(url.password);
  const username = decodeURIComponent(url.username);
  const common = { ...(password && { password }), ...(username && { username }), maxRetriesPerRequest: null };
  if (url.protocol === 'redis+unix:') {
    return { ...common, path: decodeURIComponent(url.pathname), db: Number(url.searchParams.get('db') ?? 0) };
  }
  const address = {
    host: url.hostname,
    port: Number(url.port || 6379),
    db: Number(url.pathname.slice(1) || 0),
  };
  return { ...common, ...address, ...(url.protocol === 'rediss:' && { tls: {} }) };
}

/** How to reach the server that BEEPRO_MYSQL_URL names; the database of the URL is left out. */
export function mysqlOptions(env: Environment = process.env): PoolOptions {
  const url = new URL(need(env, 'BEEPRO_MYSQL_URL'));
  const password = readSecret(env.BEEPRO_MYSQL_PASSWORD_FILE) ?? decodeURIComponent(url.password);
  const socketPath = url.searchParams.get('socketPath');
  return {
    user: decodeURIComponent(url.username),
    password,
    ...(socketPath ? { socketPath } : { host: url.hostname, port: Number(url.port || 3306) }),
    charset: 'utf8mb4',
    timezone: 'Z',
    supportBigNumbers: true,
  };
}

function need(env: Environment, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set: run the tests through vitest.config.ts or npm test`);
  return value;
}

function readSecret(path: string | undefined): string | undefined {
  return path === undefined ? undefined : readFileSync(path, 'utf8').trim();
}

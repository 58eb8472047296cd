import type { MysqlPool, MysqlPoolConnection } from 'kysely';
import { createPool, type Pool, type PoolConnection } from 'mysql2';
import { BeeproError } from '#core';
import { translateError } from './connection-errors.ts';
import type { ConnectionTarget } from './database-url.ts';
import { typeCast } from './type-cast.ts';

export interface PoolLimits {
  readonly poolSize: number;
  /** Of these, so many are kept in use; the others are opened only while these are held for long. Default: all. */
  readonly steadySize?: number | undefined;
  /** Longest wait for a free connection, in ms. */
  readonly acquireTimeoutMs: number;
  /** Longest wait for the answer to one statement, in ms; 0 for no bound (migrations). */
  readonly queryTimeoutMs: number;
}

/**
 * READ COMMITTED because SKIP LOCKED claims deadlock under REPEATABLE READ; UTC because DATETIME carries no zone;
 * a lock wait is bounded below the statement's time-out.
 */
const SESSION_SETTINGS =
  "SET time_zone = '+00:00', sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,ONLY_FULL_GROUP_BY', innodb_lock_wait_timeout = 10";
const SESSION_ISOLATION = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED';

/** Who has waited so long for one of the steady connections gets a spare one, in ms. */
const SPARE_AFTER_MS = 2_000;

/** mysql2's pool for kysely, with every wait bounded and every connection's session set before its first use. */
export class BoundedPool implements MysqlPool {
  readonly #pool: Pool;
  readonly #spares: Pool | undefined;
  readonly #server: string;
  readonly #limits: PoolLimits;
  readonly #ready = new WeakSet<PoolConnection>();
  #isEnded = false;

  constructor(target: ConnectionTarget, limits: PoolLimits) {
    this.#server = target.server;
    this.#limits = limits;
    const { poolSize, steadySize = poolSize } = limits;
    // Idle connections close before a server's or a firewall's own time-out would cut them.
    this.#pool = open(target, { size: steadySize, maxIdle: Math.min(steadySize, 4), idleTimeout: 60_000 });
    this.#spares =
      poolSize > steadySize
        ? open(target, { size: poolSize - steadySize, maxIdle: 0, idleTimeout: 1_000 })
        : undefined;
  }

  getConnection(callback: (error: unknown, connection: MysqlPoolConnection) => void): void {
    this.#acquire().then(
      (connection) => callback(undefined, this.#bounded(connection)),
      (error: unknown) => callback(translateError(error, this.#server), undefined as never),
    );
  }

  end(callback: (error: unknown) => void): void {
    this.#isEnded = true;
    this.#pool.end((error) => {
      if (this.#spares) this.#spares.end((second) => callback(error ?? second ?? undefined));
      else callback(error ?? undefined);
    });
  }

  /** kysely ends only a pool that it has used, and one that was never used holds the process by its timer. */
  close(): Promise<void> {
    if (this.#isEnded) return Promise.resolve();
    return new Promise((resolve, reject) => this.end((error) => (error ? reject(error) : resolve())));
  }

  async #acquire(): Promise<PoolConnection> {
    const connection = await this.#acquireRaw();
    if (this.#ready.has(connection)) return connection;
    try {
      await runStatement(connection, SESSION_SETTINGS);
      await runStatement(connection, SESSION_ISOLATION);
    } catch (error) {
      connection.destroy();
      throw error;
    }
    this.#ready.add(connection);
    return connection;
  }

  #acquireRaw(): Promise<PoolConnection> {
    const { acquireTimeoutMs: ms, poolSize } = this.#limits;
    const { promise, resolve, reject } = Promise.withResolvers<PoolConnection>();
    let isSettled = false;
    const settle = (error: unknown, connection: PoolConnection | undefined) => {
      if (isSettled) {
        connection?.release();
        return;
      }
      isSettled = true;
      clearTimeout(timer);
      clearTimeout(impatience);
      if (connection) resolve(connection);
      else reject(error);
    };
    // A spare that cannot be had changes nothing: the steady one is still waited for.
    const takeSpare = (error: unknown, connection: PoolConnection | undefined) => {
      if (!error) settle(undefined, connection);
    };
    const timer = setTimeout(() => settle(new BeeproError('DB_BUSY', { ms, poolSize }), undefined), ms);
    const impatience =
      this.#spares && setTimeout(() => this.#spares?.getConnection(takeSpare), Math.min(SPARE_AFTER_MS, ms));
    this.#pool.getConnection(settle);
    return promise;
  }

  /** A view of the connection whose statements time out; a connection that did is of no use and is destroyed. */
  #bounded(connection: PoolConnection): MysqlPoolConnection {
    const known = views.get(connection);
    if (known) return known;
    const server = this.#server;
    const ms = this.#limits.queryTimeoutMs;
    const view: MysqlPoolConnection = {
      config: connection.config,
      threadId: connection.threadId,
      connect: () => undefined,
      destroy: () => connection.destroy(),
      release: () => connection.release(),
      query: (text, values, done) => {
        const options = ms === 0 ? { sql: text, values } : { sql: text, values, timeout: ms };
        const query = connection.query(options, (error: unknown, result: unknown) => {
          if (isTimeOut(error)) connection.destroy();
          const failure = isTimeOut(error) ? new BeeproError('DB_TIMED_OUT', { ms }) : error;
          done?.(translateError(failure ?? undefined, server), result as never);
        });
        return { stream: (options) => query.stream(options) };
      },
    };
    views.set(connection, view);
    return view;
  }
}

function open(
  target: ConnectionTarget,
  limits: { readonly size: number; readonly maxIdle: number; readonly idleTimeout: number },
): Pool {
  return createPool({
    ...(target.socketPath === undefined
      ? { host: target.host, port: target.port }
      : { socketPath: target.socketPath }),
    user: target.user,
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.ssl === undefined ? {} : { ssl: target.ssl }),
    database: target.database,
    charset: 'utf8mb4_bin',
    timezone: 'Z',
    supportBigNumbers: true,
    typeCast,
    connectionLimit: limits.size,
    maxIdle: limits.maxIdle,
    idleTimeout: limits.idleTimeout,
    connectTimeout: 10_000,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
  });
}

const views = new WeakMap<PoolConnection, MysqlPoolConnection>();

function isTimeOut(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'PROTOCOL_SEQUENCE_TIMEOUT';
}

function runStatement(connection: PoolConnection, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.query({ sql: text, timeout: 10_000 }, (error) => (error ? reject(error) : resolve()));
  });
}

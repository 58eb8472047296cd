import { Cluster, Redis } from 'ioredis';
import type { RedisAddress } from './redis-address.ts';

export type RedisClient = Redis | Cluster;

/** Longest pause between two attempts to connect again, in ms. */
const MAX_RECONNECT_MS = 2_000;

/**
 * A connection that comes back by itself. Commands given while it is down wait for it (BullMQ asks for
 * `maxRetriesPerRequest: null`), so callers put their own time-outs on what must not wait.
 */
export function createRedisClient(address: RedisAddress, connectionName: string): RedisClient {
  const options = {
    connectionName,
    maxRetriesPerRequest: null,
    lazyConnect: true,
    db: address.db,
    connectTimeout: 10_000,
    keepAlive: 30_000,
    retryStrategy: (times: number) => Math.min(50 * times, MAX_RECONNECT_MS),
    ...(address.username ? { username: address.username } : {}),
    ...(address.password ? { password: address.password } : {}),
    ...(address.tls ? { tls: {} } : {}),
  };
  switch (address.kind) {
    case 'single':
      return new Redis({ ...options, host: address.host, port: address.port });
    case 'socket':
      return new Redis({ ...options, path: address.path });
    case 'sentinel':
      return new Redis({
        ...options,
        sentinels: [...address.sentinels],
        name: address.master,
        sentinelRetryStrategy: (times: number) => Math.min(100 * times, MAX_RECONNECT_MS),
        ...(address.tls ? { enableTLSForSentinelMode: true } : {}),
      });
    case 'cluster': {
      const { db: _db, retryStrategy: _retry, ...redisOptions } = options;
      return new Cluster([...address.nodes], {
        redisOptions,
        lazyConnect: true,
        clusterRetryStrategy: (times: number) => Math.min(100 * times, MAX_RECONNECT_MS),
      });
    }
  }
}

import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { type PlainRedisOptions, redisOptions } from './server-options.ts';

/** A key prefix of its own for one suite. */
export interface TestRedis extends AsyncDisposable {
  /** For BullMQ's `prefix`, and in front of every other key the suite uses. */
  readonly prefix: string;
  readonly options: PlainRedisOptions;
  /** One connection, for the suite to look into Redis. */
  readonly redis: Redis;
  /** Removes every key with the prefix and closes the connection. */
  drop(): Promise<void>;
}

/**
 * ```ts
 * const redis = createTestRedis();
 * afterAll(() => redis.drop());
 * ```
 */
export function createTestRedis(env: NodeJS.ProcessEnv = process.env): TestRedis {
  const options = redisOptions(env);
  const prefix = `test-${randomBytes(6).toString('hex')}`;
  const redis = new Redis(options);
  const drop = async () => {
    await removeKeys(redis, prefix);
    await redis.quit();
  };
  return { prefix, options, redis, drop, [Symbol.asyncDispose]: drop };
}

async function removeKeys(redis: Redis, prefix: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${prefix}*`, count: 1_000 })) {
    if (keys.length > 0) await redis.unlink(keys);
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, type Redis } from 'ioredis';

/** Tells every process that settings have changed, so that they look at once. Only a hint: all of them poll too. */
export interface SettingsWake {
  /** Never throws and never waits long: without Redis the polls do it. */
  publish(): Promise<void>;
  /** Calls back for each announcement, until the returned function is called. */
  subscribe(onWake: () => void): Promise<() => Promise<void>>;
}

const PUBLISH_TIMEOUT_MS = 1_000;

export interface RedisWakeOptions {
  /** For publishing; it stays the caller's. A subscriber takes a connection of its own. */
  readonly redis: Redis | Cluster;
  /** Separates installations that share a Redis; default `beepro`. */
  readonly prefix?: string;
  readonly onError?: (error: Error) => void;
}

/** A wake-up over Redis' publish and subscribe. */
export function redisWake(options: RedisWakeOptions): SettingsWake {
  const channel = `${options.prefix ?? 'beepro'}:settings`;
  const report = (error: unknown) =>
    options.onError?.(error instanceof Error ? error : new Error(String(error)));
  return {
    publish: async () => {
      const published = options.redis.publish(channel, '').then(() => undefined, report);
      await Promise.race([published, sleep(PUBLISH_TIMEOUT_MS, undefined, { ref: false })]);
    },
    subscribe: async (onWake) => {
      const subscriber =
        options.redis instanceof Cluster ? options.redis.duplicate() : options.redis.duplicate();
      subscriber.on('error', report);
      subscriber.on('message', onWake);
      // Not awaited: a Redis that is down must not hold up a start. ioredis subscribes again after each reconnect.
      subscriber.subscribe(channel).then(onWake, report);
      return async () => {
        subscriber.removeAllListeners('message');
        subscriber.disconnect();
      };
    },
  };
}

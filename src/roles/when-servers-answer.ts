import { setTimeout as sleep } from 'node:timers/promises';
import { type ErrorCode, isBeeproError } from '#core';
import type { Logger } from '#log';

/** What is waited out: the server is away, starting, or failing over. A wrong address or password is told at once. */
const AWAY: readonly ErrorCode[] = [
  'DB_UNREACHABLE',
  'DB_BUSY',
  'DB_TIMED_OUT',
  'DB_READ_ONLY',
  'REDIS_UNREACHABLE',
];
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Does `work`, and again while MySQL or Redis is away, however long that is: a role that is started in the middle of
 * an outage, by a reboot or a supervisor, is there when the outage ends, whatever its supervisor's patience.
 * @throws what is no absence of a server, and when `signal` is aborted
 */
export async function whenServersAnswer<T>(
  work: () => Promise<T>,
  options: { readonly log: Logger; readonly signal?: AbortSignal | undefined },
): Promise<T> {
  const { log, signal } = options;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!AWAY.some((code) => isBeeproError(error, code))) throw error;
      const { message } = error as Error;
      log.warn({ event: 'role.waiting', err: error, pauseMs }, `waiting: ${message}`);
      await sleep(pauseMs, undefined, { signal });
    }
  }
}

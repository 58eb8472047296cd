import { BeeproError } from '#core';
import type { Logger } from '#log';

/** How long a role may take to stop before it is ended, in ms: below pm2's kill_timeout. */
const STOP_LIMIT_MS = 20_000;

/** A running role, as `beepro run` sees it. */
export interface RunningRole {
  /** Stops taking work, leaves sealers running, gives its leases back. */
  stop(): Promise<void>;
  /** Settles when the role cannot go on by itself (a lost lease, another agent on this host). */
  readonly failed: Promise<BeeproError>;
}

/**
 * Keeps a role running until SIGTERM, SIGINT or its failure, then stops it within bounds. Tells a supervisor that
 * waits for it (`wait_ready` of pm2) when it is ready. Resolves with the exit code.
 */
export async function runUntilStopped(
  name: string,
  logger: Logger,
  start: (signal: AbortSignal) => Promise<RunningRole>,
): Promise<number> {
  const stopping = new AbortController();
  const asked = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        stopping.abort();
        resolve(signal);
      });
    }
  });
  const role = await start(stopping.signal).catch((error: unknown) => {
    // It was asked to stop while it waited for its servers.
    if (stopping.signal.aborted) return undefined;
    throw error;
  });
  if (!role) {
    logger.info({ event: 'role.stopped' }, `${name} has stopped before it was running`);
    return 0;
  }
  process.send?.('ready');
  logger.info({ event: 'role.started' }, `${name} is running`);
  const reason = await Promise.race([asked, role.failed]);
  if (reason instanceof BeeproError)
    logger.error({ event: 'role.failed', err: reason, code: reason.code }, reason.message);
  else logger.info({ event: 'role.stopping', signal: reason }, `${name} is stopping`);

  const limit = setTimeout(() => {
    logger.error({ event: 'role.stop-overdue' }, `${name} did not stop within ${STOP_LIMIT_MS} ms`);
    process.exit(1);
  }, STOP_LIMIT_MS);
  await role.stop();
  clearTimeout(limit);
  logger.info({ event: 'role.stopped' }, `${name} has stopped`);
  return reason instanceof BeeproError ? 1 : 0;
}

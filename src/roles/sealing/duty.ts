import { BeeproError, toBeeproError } from '#core';
import { holdLease, type LeaseKeeper } from '#db';
import type { SealingModules } from './modules.ts';
import type { Wake } from './wake.ts';

/** A piece of the coordinator's work that one process does at a time. */
export interface Duty {
  readonly name: string;
  /** One pass. It is safe to be stopped anywhere and to be doubled: leases only save work. */
  readonly pass: (signal: AbortSignal) => Promise<void>;
  /** The longest sleep between two passes, in ms. */
  readonly intervalMs: () => number;
  readonly wake: Wake;
}

/** A pass that hangs is given up after so long; what it left is done by the next. */
const PASS_LIMIT_MS = 300_000;
const FIRST_BACKOFF_MS = 500;
const LONGEST_BACKOFF_MS = 30_000;

/** Pause after the n-th failure in a row, in ms. */
export function dutyBackoffMs(failures: number): number {
  return Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 16));
}

/**
 * Does a duty until `signal` aborts, whenever this process holds its lease. Errors are logged and tried again with
 * back-off; nothing that a pass throws ends the loop.
 */
export async function runDuty(
  modules: SealingModules,
  holder: string,
  duty: Duty,
  signal: AbortSignal,
): Promise<void> {
  const log = modules.log.child({ duty: duty.name });
  let keeper: LeaseKeeper | undefined;
  let failures = 0;
  // No sleep outlasts the setting that it was measured by, and what an operator has mended is tried at once.
  const unsubscribe = modules.settings.onChange((names) => {
    if (names.includes('coordinator.lease_ttl')) keeper?.renewNow();
    duty.wake.knock();
  });
  while (!signal.aborted) {
    try {
      if (!keeper?.lease) {
        await keeper?.release();
        keeper = await takeLease(modules, holder, duty.name);
        if (!keeper) {
          await duty.wake.sleep(modules.settings.get('coordinator.lease_ttl') / 3, signal);
          continue;
        }
        log.debug({ event: 'duty.taken' }, `this process does ${duty.name}`);
      }
      await withinLimit(duty, AbortSignal.any([signal, keeper.lost]));
      failures = 0;
      await duty.wake.sleep(duty.intervalMs(), signal);
    } catch (error) {
      if (signal.aborted) break;
      failures += 1;
      const failure = toBeeproError(error);
      const pauseMs = dutyBackoffMs(failures);
      log.warn({ event: 'duty.failed', code: failure.code, err: failure, pauseMs }, failure.message);
      await duty.wake.sleep(pauseMs, signal);
    }
  }
  unsubscribe();
  try {
    await keeper?.release();
  } catch (error) {
    // It expires by itself.
    log.debug({ event: 'duty.release-failed', err: error }, 'the lease could not be given back');
  }
}

function takeLease(modules: SealingModules, holder: string, name: string): Promise<LeaseKeeper | undefined> {
  return holdLease({
    database: modules.db,
    name: `sealing:${name}`,
    holder,
    ttlMs: () => modules.settings.get('coordinator.lease_ttl'),
  });
}

async function withinLimit(duty: Duty, signal: AbortSignal): Promise<void> {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      limit.abort();
      reject(new BeeproError('TIMED_OUT', { what: `a pass of ${duty.name}`, ms: PASS_LIMIT_MS }));
    }, PASS_LIMIT_MS);
  });
  try {
    await Promise.race([duty.pass(AbortSignal.any([signal, limit.signal])), expired]);
  } finally {
    clearTimeout(timer);
  }
}

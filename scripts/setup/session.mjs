import { step } from './progress.mjs';
import { endRun, reapAbandonedRuns } from './reap.mjs';
import { createRun, keepRun, registryDir, removeRun } from './run-folder.mjs';
import { startServers } from './servers.mjs';
import { describeError } from './setup-error.mjs';

/** @typedef {import('./run-folder.mjs').Run} Run */

/**
 * Runs `work` with Redis and MariaDB, and ends everything of the run afterwards, however it ends.
 * @template T
 * @param {string} kind `demo`, `test` or `servers`
 * @param {(env: NodeJS.ProcessEnv, run: Run) => Promise<T>} work gets the environment for its child processes
 * @param {{ keep?: (result: T) => boolean }} [options] keep: leave all of it running
 * @returns {Promise<T>}
 */
export async function withRun(kind, work, { keep = () => false } = {}) {
  await reapLeftovers();
  const run = createRun(kind);
  let kept = false;
  const guard = stopWhenInterrupted(() => stopRun(run, { descendants: true }));
  try {
    const servers = await step('Redis and MariaDB', ({ update }) => startServers(run, update));
    const result = await work(runEnvironment(run, servers), run);
    kept = keep(result);
    if (kept) keepRun({ ...run, kind });
    return result;
  } finally {
    guard.remove();
    if (!kept) await stopRun(run, { descendants: true });
  }
}

/** Ends what dead runs left, and says so. */
export async function reapLeftovers() {
  const ended = await reapAbandonedRuns();
  if (ended.length > 0) process.stderr.write(`✓ ended what a dead run had left: ${ended.join(', ')}\n`);
}

/**
 * @param {Run} run
 * @param {{ descendants?: boolean }} [options] for {@link endRun}
 */
export async function stopRun(run, options) {
  await endRun(run, options);
  removeRun(run);
}

/**
 * @param {Run} run
 * @param {NodeJS.ProcessEnv} servers
 * @returns {NodeJS.ProcessEnv}
 */
export function runEnvironment(run, servers) {
  return { ...servers, BEEPRO_RUN: run.id, BEEPRO_RUN_DIR: run.dir, BEEPRO_PROCESS_REGISTRY: registryDir() };
}

/**
 * Ctrl-C reaches the children too; they end, `work` returns and the run is stopped in the usual way. A second
 * signal, or children that do not obey in time, stop the run at once, and so does an error that nobody caught.
 * @param {() => Promise<void>} stop
 */
function stopWhenInterrupted(stop) {
  const patienceMs = 20_000;
  let signals = 0;
  const end = (/** @type {number} */ code) => void stop().finally(() => process.exit(code));
  const onSignal = (/** @type {NodeJS.Signals} */ signal) => {
    signals += 1;
    const code = signal === 'SIGINT' ? 130 : 143;
    if (signals === 1) setTimeout(end, patienceMs, code).unref();
    else if (signals === 2) end(code);
  };
  const onError = (/** @type {unknown} */ error) => {
    process.stderr.write(`${describeError(error)}\n`);
    end(1);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal).on('SIGHUP', onSignal);
  process.on('uncaughtException', onError).on('unhandledRejection', onError);
  return {
    remove: () => {
      process.off('SIGINT', onSignal).off('SIGTERM', onSignal).off('SIGHUP', onSignal);
      process.off('uncaughtException', onError).off('unhandledRejection', onError);
    },
  };
}

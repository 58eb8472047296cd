import { rmSync } from 'node:fs';
import { makeSocketDir } from './places.mjs';
import { step } from './progress.mjs';
import { endRun, reapAbandonedRuns } from './reap.mjs';
import { createRun, keepRun, registryDir, removeRun } from './run-folder.mjs';
import { startServers } from './servers.mjs';

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
  const stopOnSignal = onSignals(async () => stopRun(run));
  try {
    const servers = await step('Redis and MariaDB', ({ update }) => startServers(run, update));
    const result = await work(runEnvironment(run, servers), run);
    kept = keep(result);
    if (kept) keepRun({ ...run, kind });
    return result;
  } finally {
    stopOnSignal.remove();
    if (!kept) await stopRun(run);
  }
}

/** Ends what dead runs left, and says so. */
export async function reapLeftovers() {
  const ended = await reapAbandonedRuns();
  if (ended.length > 0) process.stderr.write(`✓ ended what a dead run had left: ${ended.join(', ')}\n`);
}

/** @param {Run} run */
export async function stopRun(run) {
  await endRun(run);
  rmSync(makeSocketDir(run.dir), { recursive: true, force: true });
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
 * signal, or one that the children do not obey in time, stops the run at once.
 * @param {() => Promise<void>} stop
 */
function onSignals(stop) {
  const patienceMs = 20_000;
  let count = 0;
  /** @param {NodeJS.Signals} signal */
  const handle = (signal) => {
    count += 1;
    const end = () => void stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
    if (count === 2) end();
    else if (count === 1) setTimeout(end, patienceMs).unref();
  };
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, handle);
  return {
    remove: () => {
      for (const signal of signals) process.off(signal, handle);
    },
  };
}

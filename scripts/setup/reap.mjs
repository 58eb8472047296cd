import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { endProcess } from './end-process.mjs';
import { withFileLock } from './file-lock.mjs';
import { stateDir } from './places.mjs';
import { identityOf, liveness } from './process-identity.mjs';
import { forgetProcess, listProcesses } from './process-registry.mjs';
import { isAbandoned, listRuns, registryDir, removeRun } from './run-folder.mjs';

/** @typedef {import('./run-folder.mjs').Run} Run */

/**
 * Ends everything that runs whose owner has died left behind, and removes their folders.
 * @returns {Promise<string[]>} what was ended, for the user's eyes
 */
export async function reapAbandonedRuns() {
  return withFileLock(join(stateDir(), 'reap.lock'), async () => {
    /** @type {string[]} */
    const ended = [];
    const runs = listRuns();
    for (const run of runs.filter(isAbandoned)) {
      ended.push(...(await endRun(run)));
      removeRun(run);
    }
    forgetTheDead();
    return ended;
  });
}

/**
 * Ends every process of one run: those in the registry, and those whose environment names the run (children that
 * were started and not yet registered, or that nobody registers). The servers go last, since the others use them.
 * @param {Run} run
 * @param {{ descendants?: boolean }} [options] descendants: also those that this process has started itself and that
 *   are not registered; otherwise they are spared, since who started them ends them
 * @returns {Promise<string[]>}
 */
export async function endRun(run, { descendants = false } = {}) {
  const registered = listProcesses(registryDir()).filter((record) => record.run === run.id);
  const servers = registered.filter(isServer);
  const others = registered.filter((record) => !isServer(record));
  const known = new Set(registered.map((record) => record.pid));
  const strays = processesOfRun(run.id, descendants).filter((identity) => !known.has(identity.pid));

  const ended = await Promise.all([
    ...others.map(async (record) => ((await endAlive(record)) ? `${record.what} ${record.pid}` : '')),
    ...strays.map(async (stray) => ((await endAlive(stray)) ? `process ${stray.pid}` : '')),
  ]);
  ended.push(
    ...(await Promise.all(
      servers.map(async (record) => ((await endAlive(record)) ? `${record.what} ${record.pid}` : '')),
    )),
  );
  for (const record of registered) if (liveness(record) === 'dead') forgetProcess(registryDir(), record);
  return ended.filter((line) => line !== '');
}

/**
 * @param {import('./process-identity.mjs').ProcessIdentity} identity
 * @returns {Promise<boolean>} true when it was alive and is not any more
 */
async function endAlive(identity) {
  return liveness(identity) === 'alive' && (await endProcess(identity));
}

/** @param {import('./process-registry.mjs').ProcessRecord} record */
function isServer(record) {
  return record.what === 'redis' || record.what === 'mariadb';
}

/** Records of processes that have ended without their starter's removing them. */
function forgetTheDead() {
  for (const record of listProcesses(registryDir())) {
    if (liveness(record) === 'dead') forgetProcess(registryDir(), record);
  }
}

/**
 * Processes that were started with BEEPRO_RUN=<id>, without those that this process descends from.
 * @param {string} id
 * @param {boolean} descendants whether those that descend from this process are among them
 */
function processesOfRun(id, descendants) {
  const marker = `\0BEEPRO_RUN=${id}\0`;
  const ancestors = new Set(lineage(process.pid));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => !ancestors.has(pid) && `\0${readProc(pid, 'environ')}\0`.includes(marker))
    .filter((pid) => descendants || !lineage(pid).includes(process.pid))
    .flatMap((pid) => identityOf(pid) ?? []);
}

/**
 * @param {number} pid
 * @returns {number[]} the process, its parent, and so on
 */
function lineage(pid) {
  /** @type {number[]} */
  const pids = [];
  for (let current = pid; current > 1 && !pids.includes(current); ) {
    pids.push(current);
    current = Number(/^PPid:\s*(\d+)/m.exec(readProc(current, 'status'))?.[1] ?? 0);
  }
  return pids;
}

/**
 * @param {number} pid
 * @param {string} name
 */
function readProc(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return ''; // it has ended, or is another user's
  }
}

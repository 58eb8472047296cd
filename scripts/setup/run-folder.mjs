// A run is one use of private servers: a demo, a test run, or `scripts/servers.mjs start`. Its folder
// <state>/runs/<id>/ holds its data, logs and secrets, and says who answers for it:
//
//   owner.json   { "kind": "demo", "kept": false, "owner": { bootId, pid, startTime, pidNamespace }, "socketDir": "…" }
//
// A run whose owner is dead is reaped by the next start, unless it is kept; a kept run stays until it is stopped
// by name, or until the machine has booted anew.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeSocketDir, stateDir } from './places.mjs';
import { bootId, isProcessIdentity, liveness, ownIdentity } from './process-identity.mjs';

/** @typedef {import('./process-identity.mjs').ProcessIdentity} ProcessIdentity */
/** @typedef {{ kind: string, kept: boolean, owner: ProcessIdentity, socketDir: string }} RunOwner */
/** @typedef {{ id: string, dir: string, socketDir: string }} Run */
/** @typedef {Run & RunOwner} OwnedRun */

export function runsDir() {
  return join(stateDir(), 'runs');
}

export function registryDir() {
  return join(stateDir(), 'processes');
}

/**
 * @param {string} kind `demo`, `test` or `servers`
 * @returns {Run}
 */
export function createRun(kind) {
  const id = `${kind}-${randomBytes(4).toString('hex')}`;
  const dir = join(runsDir(), id);
  const run = { id, dir, socketDir: makeSocketDir(dir) };
  const temporary = join(runsDir(), `.tmp-${id}`);
  mkdirSync(join(temporary, 'logs'), { recursive: true });
  // It holds passwords and databases.
  mkdirSync(join(temporary, 'secrets'), { mode: 0o700 });
  writeOwner(temporary, { kind, kept: false, owner: ownIdentity(), socketDir: run.socketDir });
  renameSync(temporary, run.dir);
  return run;
}

/**
 * Lets a run stay when its owner has ended.
 * @param {OwnedRun | (Run & { kind: string })} run
 */
export function keepRun(run) {
  writeOwner(run.dir, { kind: run.kind, kept: true, owner: ownIdentity(), socketDir: run.socketDir });
}

/** @param {Run} run */
export function removeRun(run) {
  unmountBelow(run.dir);
  rmSync(run.socketDir, { recursive: true, force: true });
  rmSync(run.dir, { recursive: true, force: true });
}

/**
 * Tests of full disks mount small ones below their run's folder; what a killed test left there is in the way.
 * @param {string} dir
 */
function unmountBelow(dir) {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  for (const path of mounts
    .map((line) => line.split(' ')[1] ?? '')
    .filter((at) => at.startsWith(`${dir}/`))) {
    spawnSync('umount', ['--lazy', path], { stdio: 'ignore' });
  }
}

/** @returns {OwnedRun[]} */
export function listRuns() {
  /** @type {OwnedRun[]} */
  const runs = [];
  for (const id of readFolder(runsDir())) {
    if (id.startsWith('.')) continue;
    const dir = join(runsDir(), id);
    const owner = readOwner(dir);
    if (owner) runs.push({ id, dir, ...owner });
  }
  return runs;
}

/**
 * True when nobody answers for the run any more.
 * @param {RunOwner} run
 * @returns {boolean}
 */
export function isAbandoned(run) {
  if (run.kept) return run.owner.bootId !== bootId();
  return liveness(run.owner) === 'dead';
}

/**
 * @param {string} dir
 * @param {RunOwner} owner
 */
function writeOwner(dir, owner) {
  const path = join(dir, 'owner.json');
  writeFileSync(`${path}.tmp`, `${JSON.stringify(owner, null, 2)}\n`);
  renameSync(`${path}.tmp`, path);
}

/**
 * @param {string} dir
 * @returns {RunOwner | undefined}
 */
function readOwner(dir) {
  try {
    const value = JSON.parse(readFileSync(join(dir, 'owner.json'), 'utf8'));
    return isProcessIdentity(value.owner) && typeof value.socketDir === 'string' ? value : undefined;
  } catch {
    return undefined; // the folder is being removed, or is no run's
  }
}

/** @param {string} folder */
function readFolder(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

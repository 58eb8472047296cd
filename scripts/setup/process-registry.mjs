// What runs on this machine for this work tree: one JSON file for each long-lived process, in
// <state>/processes/<what>-<pid>.json, so that the next start can end what a dead run left behind.
//
//   {
//     "format": 1,
//     "what": "mariadb",                     name of the thing, [a-z0-9-]+; "sealer" for sealers
//     "run": "demo-1f09c2",                  the run that answers for it (BEEPRO_RUN)
//     "bootId": "…",                         /proc/sys/kernel/random/boot_id
//     "pid": 4711,
//     "startTime": "123456",                 field 22 of /proc/PID/stat, a string of clock ticks
//     "pidNamespace": "pid:[4026531836]",    readlink /proc/self/ns/pid
//     "cgroup": "0::/user.slice/…",          first line of /proc/PID/cgroup, for the operator's eyes
//     "startedAt": "2026-01-31T12:00:00.000Z"
//   }
//
// Who starts a process that may outlive it (sealers do) writes such a file as `.tmp-…` in the same folder,
// renames it, and removes it when the process has ended. The folder is BEEPRO_PROCESS_REGISTRY and the run is
// BEEPRO_RUN; where these are not set nobody reaps, and nothing is to be written.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identityOf, isProcessIdentity } from './process-identity.mjs';

/** @typedef {import('./process-identity.mjs').ProcessIdentity} ProcessIdentity */
/** @typedef {ProcessIdentity & { format: 1, what: string, run: string, cgroup: string, startedAt: string }} ProcessRecord */

/**
 * @param {string} folder
 * @param {{ what: string, run: string, pid: number }} process
 * @returns {ProcessRecord | undefined} undefined when the process has already ended
 */
export function registerProcess(folder, { what, run, pid }) {
  const identity = identityOf(pid);
  if (!identity) return undefined;
  /** @type {ProcessRecord} */
  const record = {
    format: 1,
    what,
    run,
    ...identity,
    cgroup: readCgroup(pid),
    startedAt: new Date().toISOString(),
  };
  mkdirSync(folder, { recursive: true });
  const temporary = join(folder, `.tmp-${what}-${pid}`);
  writeFileSync(temporary, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(temporary, join(folder, fileName(record)));
  return record;
}

/**
 * @param {string} folder
 * @param {ProcessRecord} record
 */
export function forgetProcess(folder, record) {
  rmSync(join(folder, fileName(record)), { force: true });
}

/**
 * @param {string} folder
 * @returns {ProcessRecord[]} unreadable files are skipped: a record is written in one rename, so such a file
 *   is no record
 */
export function listProcesses(folder) {
  /** @type {ProcessRecord[]} */
  const records = [];
  for (const name of readFolder(folder)) {
    if (!name.endsWith('.json')) continue;
    const record = parseRecord(readText(join(folder, name)));
    if (record) records.push(record);
  }
  return records;
}

/**
 * @param {string} text
 * @returns {ProcessRecord | undefined}
 */
export function parseRecord(text) {
  try {
    const value = JSON.parse(text);
    const isRecord =
      isProcessIdentity(value) &&
      /** @type {Record<string, unknown>} */ (/** @type {unknown} */ (value)).format === 1 &&
      'what' in value &&
      typeof value.what === 'string' &&
      'run' in value &&
      typeof value.run === 'string';
    return isRecord ? /** @type {ProcessRecord} */ (value) : undefined;
  } catch {
    return undefined;
  }
}

/** @param {{ what: string, pid: number }} record */
function fileName({ what, pid }) {
  return `${what}-${pid}.json`;
}

/** @param {number} pid */
function readCgroup(pid) {
  return readText(`/proc/${pid}/cgroup`).split('\n')[0] ?? '';
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
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

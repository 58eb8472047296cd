// A pid alone names nothing: pids are used again. A process is named by the machine's boot, its pid and its
// start time; and by its pid namespace, since a container sees other pids than its host.
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * @typedef {object} ProcessIdentity
 * @property {string} bootId /proc/sys/kernel/random/boot_id
 * @property {number} pid
 * @property {string} startTime clock ticks from boot to the process's start, field 22 of /proc/PID/stat
 * @property {string} pidNamespace the target of /proc/PID/ns/pid, as `pid:[4026531836]`
 */

/**
 * @typedef {'alive' | 'dead' | 'unknown'} Liveness `unknown`: it may live in another pid namespace
 */

/** @returns {string} */
export function bootId() {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/**
 * Field 22 of /proc/PID/stat. Field 2 is the program's name in parentheses and may itself hold blanks and
 * parentheses, so fields are counted from the last one that closes.
 * @param {string} stat
 * @returns {{ state: string, startTime: string } | undefined}
 */
export function parseStat(stat) {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  const startTime = fields[19];
  return state && startTime ? { state, startTime } : undefined;
}

/**
 * @param {number} pid
 * @returns {ProcessIdentity | undefined} undefined when there is no such process (or only its zombie)
 */
export function identityOf(pid) {
  const stat = readStat(pid);
  if (!stat || stat.state === 'Z' || stat.state === 'X') return undefined;
  return { bootId: bootId(), pid, startTime: stat.startTime, pidNamespace: ownPidNamespace() };
}

/** @returns {ProcessIdentity} */
export function ownIdentity() {
  const identity = identityOf(process.pid);
  if (!identity) throw new Error('/proc does not show this process');
  return identity;
}

/**
 * @param {ProcessIdentity} recorded
 * @returns {Liveness}
 */
export function liveness(recorded) {
  return judge(recorded, {
    bootId: bootId(),
    pidNamespace: ownPidNamespace(),
    current: identityOf(recorded.pid),
  });
}

/**
 * The decision behind {@link liveness}.
 * @param {ProcessIdentity} recorded
 * @param {{ bootId: string, pidNamespace: string, current: ProcessIdentity | undefined }} seen what this
 *   process sees of the machine, `current` being the process that has the recorded pid now
 * @returns {Liveness}
 */
export function judge(recorded, seen) {
  if (recorded.bootId !== seen.bootId) return 'dead';
  if (recorded.pidNamespace !== seen.pidNamespace) return 'unknown';
  return seen.current?.startTime === recorded.startTime ? 'alive' : 'dead';
}

/**
 * @param {unknown} value
 * @returns {value is ProcessIdentity}
 */
export function isProcessIdentity(value) {
  if (typeof value !== 'object' || value === null) return false;
  const it = /** @type {Record<string, unknown>} */ (value);
  return (
    typeof it.bootId === 'string' &&
    Number.isSafeInteger(it.pid) &&
    typeof it.startTime === 'string' &&
    typeof it.pidNamespace === 'string'
  );
}

/** @returns {string} */
function ownPidNamespace() {
  return readlinkSync('/proc/self/ns/pid');
}

/** @param {number} pid */
function readStat(pid) {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined; // the process has ended
  }
}

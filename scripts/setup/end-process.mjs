import { setTimeout as sleep } from 'node:timers/promises';
import { liveness } from './process-identity.mjs';

/** @typedef {import('./process-identity.mjs').ProcessIdentity} ProcessIdentity */

/**
 * Ends one process: by SIGTERM, and by SIGKILL when it has not obeyed within the grace time. The identity is
 * looked at before each signal, so that a process that took over the pid is never hit.
 * @param {ProcessIdentity} identity
 * @param {{ graceMs?: number, signal?: NodeJS.Signals }} [options]
 * @returns {Promise<boolean>} true when it is gone
 */
export async function endProcess(identity, { graceMs = 10_000, signal = 'SIGTERM' } = {}) {
  if (!send(identity, signal)) return liveness(identity) === 'dead';
  if (await gone(identity, graceMs)) return true;
  send(identity, 'SIGKILL');
  return gone(identity, 10_000);
}

/**
 * @param {ProcessIdentity} identity
 * @param {NodeJS.Signals} signal
 * @returns {boolean} true when the signal was sent
 */
function send(identity, signal) {
  if (liveness(identity) !== 'alive') return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return false;
    throw error;
  }
}

/**
 * @param {ProcessIdentity} identity
 * @param {number} deadlineMs
 */
async function gone(identity, deadlineMs) {
  const deadline = Date.now() + deadlineMs;
  for (let pause = 5; liveness(identity) !== 'dead'; pause = Math.min(pause * 2, 100)) {
    if (Date.now() > deadline) return false;
    await sleep(pause);
  }
  return true;
}

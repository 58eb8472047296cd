import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { registerProcess } from './process-registry.mjs';
import { registryDir } from './run-folder.mjs';
import { SetupError } from './setup-error.mjs';

const START_DEADLINE_MS = 60_000;

/**
 * @typedef {object} ServerStart
 * @property {'redis' | 'mariadb'} what
 * @property {import('./run-folder.mjs').Run} run
 * @property {string} program
 * @property {readonly string[]} args
 * @property {NodeJS.ProcessEnv} env added to this process's
 * @property {string} log the file it writes; its stdout and stderr go there too
 * @property {() => Promise<boolean>} isReady
 */

/**
 * Starts a server of a run, enters it into the registry and waits until it answers.
 * @param {ServerStart} start
 */
export async function startServer({ what, run, program, args, env, log, isReady }) {
  const output = openSync(log, 'a', 0o600);
  // A session of its own: Ctrl-C reaches the command that uses it, which then stops it in order.
  const child = spawn(program, [...args], {
    env: { ...process.env, ...env, BEEPRO_RUN: run.id },
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  /** @type {string | undefined} */
  let end;
  child.once('error', (error) => {
    end = error.message;
  });
  child.once('exit', (code, signal) => {
    end = signal ? `ended by ${signal}` : `ended with ${code}`;
  });
  if (child.pid !== undefined) registerProcess(registryDir(), { what, run: run.id, pid: child.pid });
  child.unref();

  const deadline = Date.now() + START_DEADLINE_MS;
  while (!(await isReady())) {
    if (end !== undefined || Date.now() > deadline) {
      throw new SetupError(
        `${what} did not start: ${end ?? 'no answer within a minute'}`,
        `look at ${log}`,
        tail(log),
      );
    }
    await sleep(20);
  }
}

/** @param {string} log */
function tail(log) {
  return existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n').slice(-15).join('\n') : '';
}

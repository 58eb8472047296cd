// The program itself runs on the Node.js that package-lock.json names, whatever the machine has.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './places.mjs';
import { SetupError } from './setup-error.mjs';

const MAJOR = 24;

/** @returns {string} the absolute path of Node 24 */
export function nodePath() {
  const locked = join(ROOT, 'node_modules', `node-linux-${process.arch}`, 'bin/node');
  if (existsSync(locked)) return locked;
  if (Number.parseInt(process.versions.node, 10) >= MAJOR) return process.execPath;
  throw new SetupError(
    `Node ${MAJOR} is not there: ${locked}`,
    'npm left out optional packages: look for "omit" in "npm config ls", remove node_modules and run this again',
  );
}

/**
 * Runs a program with this process's terminal, and passes on the signals that reach only this process.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, cwd?: string }} [options]
 * @returns {Promise<number>} its exit code; 128 + n when signal n ended it
 */
export function runInForeground(program, args, { env = process.env, cwd } = {}) {
  return new Promise((done, fail) => {
    const child = spawn(program, [...args], { env, cwd, stdio: 'inherit' });
    // Ctrl-C reaches the whole foreground group: passing it on would deliver it twice.
    const forward = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
    const stay = () => undefined;
    process.on('SIGTERM', forward).on('SIGHUP', forward).on('SIGINT', stay);
    const end = () => process.off('SIGTERM', forward).off('SIGHUP', forward).off('SIGINT', stay);
    child.once('error', (error) => {
      end();
      fail(new SetupError(`cannot start ${program}: ${error.message}`));
    });
    child.once('exit', (code, signal) => {
      end();
      done(code ?? 128 + (SIGNAL_NUMBERS[signal ?? ''] ?? 0));
    });
  });
}

/**
 * Runs TypeScript from source on Node 24.
 * @param {string} script
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 */
export function runSource(script, args, env = process.env) {
  return runInForeground(nodePath(), ['--conditions=development', script, ...args], { env });
}

/** @type {Readonly<Record<string, number>>} */
const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGABRT: 6, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15 };

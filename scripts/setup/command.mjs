import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupError } from './setup-error.mjs';

/** Folders of system programs that are not on every user's PATH. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/usr/libexec'];

/**
 * @param {string} name
 * @returns {string | undefined} the program's absolute path
 */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  for (const folder of folders.filter((entry) => entry.startsWith('/'))) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/**
 * @typedef {object} CommandOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {string} [input] what the program reads from its stdin
 * @property {(line: string) => void} [onStdout] called for each line
 * @property {(line: string) => void} [onStderr] called for each line (`\r` also ends one)
 * @property {number} [timeoutMs]
 */

/**
 * Runs a program to its end.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>} code 127 when it cannot be started
 */
export function capture(program, args, options = {}) {
  return new Promise((done) => {
    const child = spawn(program, [...args], {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: 'SIGKILL' }),
    });
    let stdout = '';
    let stderr = '';
    const splitOut = lineSplitter(options.onStdout);
    const splitErr = lineSplitter(options.onStderr);
    child.stdout?.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      splitOut(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text) => {
      stderr += text;
      splitErr(text);
    });
    // A program that ends before it has read its input breaks the pipe; its exit code tells the story.
    child.stdin?.on('error', () => undefined);
    if (options.input !== undefined) child.stdin?.end(options.input);
    child.once('error', (error) => done({ code: 127, stdout, stderr: stderr + error.message }));
    child.once('close', (code, signal) => {
      done({ code: code ?? 128, stdout, stderr: signal ? `${stderr}\nended by ${signal}` : stderr });
    });
  });
}

/**
 * Runs a program that has to succeed.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {CommandOptions & { what: string, cure?: string }} options
 * @returns {Promise<string>} its stdout
 */
export async function mustRun(program, args, options) {
  const { code, stdout, stderr } = await capture(program, args, options);
  if (code === 0) return stdout;
  const details = shorten(stderr.trim() || stdout.trim());
  throw new SetupError(`${options.what} failed (${program} ended with ${code})`, options.cure, details);
}

/**
 * The beginning and the end: some programs say the cause first, others last.
 * @param {string} text
 */
function shorten(text) {
  const lines = text.split('\n');
  if (lines.length <= 30) return text;
  return [...lines.slice(0, 12), '…', ...lines.slice(-16)].join('\n');
}

/**
 * @param {((line: string) => void) | undefined} onLine
 * @returns {(text: string) => void}
 */
function lineSplitter(onLine) {
  if (!onLine) return () => undefined;
  let rest = '';
  return (text) => {
    const lines = (rest + text).split(/[\r\n]/);
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') onLine(line);
  };
}

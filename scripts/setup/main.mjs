import { describeError } from './setup-error.mjs';

/**
 * Runs a command of this project and sets the exit code.
 * @param {() => Promise<number | void>} command gives its exit code
 */
export async function main(command) {
  try {
    process.exitCode = (await command()) ?? 0;
  } catch (error) {
    process.stderr.write(`\n${describeError(error)}\n`);
    process.exitCode = 1;
  }
}

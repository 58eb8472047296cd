import { join } from 'node:path';
import { nodePath, runInForeground } from '../setup/node-runtime.mjs';
import { ROOT } from '../setup/places.mjs';

/**
 * A check that is one program with an exit code.
 * @param {string} name
 * @param {string} program in node_modules/.bin, written in JavaScript
 * @param {readonly string[]} args
 * @returns {(env: NodeJS.ProcessEnv) => Promise<import('./outcome.mjs').Outcome>}
 */
export function programStage(name, program, args) {
  return async (env) => {
    process.stdout.write(`\n── ${name}\n`);
    const startedAt = Date.now();
    const code = await runInForeground(nodePath(), [join(ROOT, 'node_modules/.bin', program), ...args], {
      env,
      cwd: ROOT,
    });
    const failed = code === 0 ? 0 : 1;
    return { name, passed: 1 - failed, failed, skipped: 0, elapsedMs: Date.now() - startedAt };
  };
}

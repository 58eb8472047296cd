import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodePath, runInForeground } from '../setup/node-runtime.mjs';
import { ROOT } from '../setup/places.mjs';

/** @typedef {import('./outcome.mjs').Outcome} Outcome */

/**
 * @param {string} project a folder of test/
 * @param {readonly string[]} filters parts of paths; none selects all
 * @returns {string[]} paths from the root
 */
export function listTestFiles(project, filters) {
  const folder = join(ROOT, 'test', project);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.ts'))
    .map((path) => join('test', project, path))
    .filter((path) => filters.length === 0 || filters.some((filter) => path.includes(filter)));
}

/**
 * @param {string} project
 * @param {readonly string[]} files none runs all of the project
 * @param {readonly string[]} [flags] for vitest
 * @returns {(env: NodeJS.ProcessEnv) => Promise<Outcome>}
 */
export function vitestStage(project, files, flags = []) {
  return async (env) => {
    process.stdout.write(`\n── ${project} tests\n`);
    const startedAt = Date.now();
    const folder = mkdtempSync(join(tmpdir(), 'beepro-report-'));
    const report = join(folder, 'report.json');
    try {
      const code = await runInForeground(
        nodePath(),
        [
          'node_modules/vitest/vitest.mjs',
          'run',
          `--project=${project}`,
          '--reporter=default',
          '--reporter=json',
          `--outputFile.json=${report}`,
          ...flags,
          ...files,
        ],
        { env, cwd: ROOT },
      );
      const text = existsSync(report) ? readFileSync(report, 'utf8') : '{}';
      return { name: project, ...countTests(text, code), elapsedMs: Date.now() - startedAt };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };
}

/**
 * @param {string} report vitest's JSON report
 * @param {number} exitCode
 * @returns {{ passed: number, failed: number, skipped: number }} a run that ended badly with no failed test (an error
 *   outside tests, a crash) counts as one failure
 */
export function countTests(report, exitCode) {
  const {
    numPassedTests = 0,
    numFailedTests = 0,
    numPendingTests = 0,
    numTodoTests = 0,
  } = JSON.parse(report);
  return {
    passed: numPassedTests,
    failed: numFailedTests > 0 ? numFailedTests : exitCode === 0 ? 0 : 1,
    skipped: numPendingTests + numTodoTests,
  };
}

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../setup/places.mjs';
import { cargoEnv, cargoFlags, sealerBuild } from '../setup/sealer-build.mjs';

/** @returns {(env: NodeJS.ProcessEnv) => Promise<import('./outcome.mjs').Outcome>} */
export function cargoStage() {
  return async (env) => {
    process.stdout.write('\n── sealer tests (cargo)\n');
    const startedAt = Date.now();
    const flags = cargoFlags(await sealerBuild());
    const { code, stdout } = await runShown('cargo', ['test', '--workspace', '--no-fail-fast', ...flags], {
      ...cargoEnv(),
      ...env,
    });
    return { name: 'sealer', ...countCargoTests(stdout, code), elapsedMs: Date.now() - startedAt };
  };
}

/**
 * @param {string} stdout of `cargo test`: a line `test result: ok. 3 passed; 0 failed; 1 ignored; …` for each program
 * @param {number} exitCode
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
export function countCargoTests(stdout, exitCode) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const match of stdout.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/gm)) {
    counts.passed += Number(match[1]);
    counts.failed += Number(match[2]);
    counts.skipped += Number(match[3]);
  }
  if (exitCode !== 0 && counts.failed === 0) counts.failed = 1;
  return counts;
}

/**
 * Shows what the program prints, and gives it back as well.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<{ code: number, stdout: string }>}
 */
function runShown(program, args, env) {
  return new Promise((done, fail) => {
    const child = spawn(program, [...args], {
      cwd: join(ROOT, 'sealer'),
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
      process.stdout.write(text);
    });
    child.once('error', fail);
    child.once('close', (code) => done({ code: code ?? 1, stdout }));
  });
}

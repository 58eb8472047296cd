import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failedChecks } from './checks.mjs';
import { lookAtMachine, readyMarker } from './machine-facts.mjs';
import { ensurePackages } from './packages.mjs';
import { cacheDir } from './places.mjs';
import { proofCacheEnv } from './proof-caches.mjs';
import { ensureProofParameters } from './proof-parameters.mjs';
import { ensureSealer } from './sealer-build.mjs';
import { SetupError } from './setup-error.mjs';

/** @typedef {'2KiB' | '8MiB'} SmallSectorSize */

/**
 * Makes the machine ready. What is ready already is left alone, so a second call takes seconds.
 * @param {{ sealer?: boolean, parameters?: readonly SmallSectorSize[] }} wanted
 * @returns {Promise<NodeJS.ProcessEnv>} the environment for child processes
 */
export async function prepare({ sealer = false, parameters = [] }) {
  await checkMachine(sealer ? ['node', 'packages', 'sealer'] : ['node', 'packages']);
  await ensurePackages();
  if (!sealer) return { ...process.env };
  const env = { ...process.env, ...proofCacheEnv(), BEEPRO_SEALER_BIN: await ensureSealer() };
  for (const size of parameters) await ensureProofParameters(size, env);
  if (parameters.length > 0) {
    mkdirSync(cacheDir(), { recursive: true });
    writeFileSync(readyMarker(), '');
  }
  return env;
}

/**
 * Tests seal thousands of times: the proofs of sectors that a test network has sealed before are kept. Every other
 * network refuses them.
 * @returns {NodeJS.ProcessEnv}
 */
export function memoEnv() {
  return { BEEPRO_C2_MEMO_DIR: process.env.BEEPRO_C2_MEMO_DIR ?? join(cacheDir(), 'c2-memo') };
}

/** @param {readonly import('./checks.mjs').Need[]} needs */
async function checkMachine(needs) {
  const skipped = (process.env.BEEPRO_SKIP_CHECKS ?? '').split(',');
  const failures = failedChecks(await lookAtMachine(), needs).filter(({ name }) => !skipped.includes(name));
  if (failures.length === 0) return;
  const names = failures.map(({ name }) => name).join(',');
  throw new SetupError(
    'this machine is not ready:',
    `then run this again (BEEPRO_SKIP_CHECKS=${names} goes on regardless)`,
    failures.map(({ problem, cure }) => `✗ ${problem}\n  → ${cure}`).join('\n'),
  );
}

// A run that a test kills: its servers, a process that nobody registered, and one registered as a sealer. It goes on
// until SIGTERM. Standard output gets one JSON line when all is up.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { registerProcess } from '../../../scripts/setup/process-registry.mjs';
import { registryDir } from '../../../scripts/setup/run-folder.mjs';
import { withRun } from '../../../scripts/setup/session.mjs';

await withRun('test', async (env, run) => {
  const stray = startSleeper({ ...process.env, ...env });
  // Sealers may be started with an environment of their own: the registry alone knows this one.
  const sealer = startSleeper({ PATH: process.env.PATH });
  registerProcess(registryDir(), { what: 'sealer', run: run.id, pid: sealer });
  process.stdout.write(`${JSON.stringify({ run: run.id, dir: run.dir, stray, sealer, env })}\n`);
  const alive = setInterval(() => undefined, 60_000);
  await once(process, 'SIGTERM');
  clearInterval(alive);
  if (process.argv.includes('--fail')) throw new Error('the work has failed');
});

/** @param {NodeJS.ProcessEnv} env */
function startSleeper(env) {
  const child = spawn('sleep', ['600'], { env, detached: true, stdio: 'ignore' });
  child.unref();
  return child.pid ?? 0;
}

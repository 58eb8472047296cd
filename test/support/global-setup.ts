import { createRun } from '../../scripts/setup/run-folder.mjs';
import { startServers } from '../../scripts/setup/servers.mjs';
import { reapLeftovers, runEnvironment, stopRun } from '../../scripts/setup/session.mjs';

/**
 * Redis and MariaDB for a project of tests: those of the environment (`npm test` has started them), or private ones
 * for this run of vitest.
 *
 * @returns how to stop what was started
 */
export default async function setUpServers(): Promise<() => Promise<void>> {
  if (process.env.BEEPRO_REDIS_URL && process.env.BEEPRO_MYSQL_URL) return async () => {};
  await reapLeftovers();
  const run = createRun('vitest');
  try {
    const environment = runEnvironment(run, await startServers(run, () => undefined));
    // The forks that run the tests inherit this process's environment.
    Object.assign(process.env, environment);
    return async () => {
      for (const name of Object.keys(environment)) delete process.env[name];
      await stopRun(run);
    };
  } catch (error) {
    await stopRun(run);
    throw error;
  }
}

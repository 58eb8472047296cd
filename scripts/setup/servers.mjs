// Redis and MariaDB for one run: private instances, or those that the environment names.
//
//   BEEPRO_REDIS_URL            redis+unix:///run/user/1000/beepro/0a1b/redis.sock?db=0   (what is started here)
//                               redis://user@host:6379/0, rediss://…, and what the program's own
//                               configuration reads besides (Sentinel, Cluster)
//   BEEPRO_REDIS_PASSWORD_FILE  a file whose first line is the password; the URL then needs none
//   BEEPRO_MYSQL_URL            mysql://beepro@localhost/beepro?socketPath=%2Frun%2F…%2Fmysqld.sock
//                               mysql://user@host:3306/database
//   BEEPRO_MYSQL_PASSWORD_FILE  as above
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startMariadb } from './mariadb-server.mjs';
import { startRedis } from './redis-server.mjs';
import { findServerPrograms } from './server-programs.mjs';
import { SetupError } from './setup-error.mjs';

/** @typedef {import('./run-folder.mjs').Run} Run */
/** @typedef {import('./server-programs.mjs').Program} Program */

/**
 * @param {Run} run
 * @param {(note: string) => void} onProgress
 * @returns {Promise<NodeJS.ProcessEnv>} the variables above, as far as servers were started
 */
export async function startServers(run, onProgress) {
  const wanted = { redis: !process.env.BEEPRO_REDIS_URL, mariadb: !process.env.BEEPRO_MYSQL_URL };
  if (!wanted.redis && !wanted.mariadb) return {};
  const programs = await findServerPrograms(onProgress);
  onProgress('starting');
  // Both are waited for, so that nothing is still starting when the caller cleans up after a failure.
  const started = await Promise.allSettled([
    wanted.redis ? startRedis(programs.redis, run) : {},
    wanted.mariadb ? startSomeMariadb(programs.mariadb, run, onProgress) : {},
  ]);
  return Object.assign({}, ...started.map(unwrap));
}

/**
 * An installed server may refuse to work anywhere but in its own folders (Ubuntu's AppArmor profile of MySQL);
 * the unpacked one is under no such rule.
 * @param {Program} program
 * @param {Run} run
 * @param {(note: string) => void} onProgress
 */
async function startSomeMariadb(program, run, onProgress) {
  try {
    return await startMariadb(program, run);
  } catch (error) {
    const isInstalled = program.basedir === '';
    if (!isInstalled || !(error instanceof SetupError)) throw error;
    onProgress(`${program.path} cannot be used (${error.message}), getting another`);
    rmSync(join(run.dir, 'mariadb'), { recursive: true, force: true });
    const { mariadb } = await findServerPrograms(onProgress, { installed: false });
    return startMariadb(mariadb, run);
  }
}

/** @param {PromiseSettledResult<NodeJS.ProcessEnv>} result */
function unwrap(result) {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
}

import { readFileSync } from 'node:fs';
import { endProcess } from '../../scripts/setup/end-process.mjs';
import { startMariadb } from '../../scripts/setup/mariadb-server.mjs';
import { listProcesses } from '../../scripts/setup/process-registry.mjs';
import { startRedis } from '../../scripts/setup/redis-server.mjs';
import { createRun, registryDir } from '../../scripts/setup/run-folder.mjs';
import { findServerPrograms } from '../../scripts/setup/server-programs.mjs';
import { stopRun } from '../../scripts/setup/session.mjs';
import { failOver } from './redis-failover.ts';

export type ServerName = 'redis' | 'mariadb';

/** Servers of one suite alone, which it may flush and kill. */
export interface PrivateServers extends AsyncDisposable {
  /** BEEPRO_REDIS_URL, BEEPRO_MYSQL_URL and their password files; they stay the same over restarts. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** SIGKILL: returns when the process is gone. */
  kill(what: ServerName): Promise<void>;
  /** Starts it again on its data; returns when it answers. */
  start(what: ServerName): Promise<void>;
  /** A replica takes Redis' place; what is acknowledged during `between` is lost. */
  failOverRedis(between: () => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** For suites that FLUSHALL or kill a server; others share the servers of the run (`createTestRedis`, `createTestDatabase`). */
export async function startPrivateServers(): Promise<PrivateServers> {
  const programs = await findServerPrograms(() => undefined);
  const run = createRun('suite');
  const starters = {
    redis: () => startRedis(programs.redis, run),
    mariadb: () => startMariadb(programs.mariadb, run),
  };
  const stop = () => stopRun(run);
  try {
    const env = { ...(await starters.redis()), ...(await starters.mariadb()) };
    return {
      env,
      kill: async (what) => {
        for (const record of listProcesses(registryDir())) {
          if (record.run === run.id && record.what === what) await endProcess(record, { signal: 'SIGKILL' });
        }
      },
      start: async (what) => void (await starters[what]()),
      failOverRedis: (between) =>
        failOver(
          programs.redis,
          run,
          readFileSync(env.BEEPRO_REDIS_PASSWORD_FILE ?? '', 'utf8').trim(),
          between,
        ),
      stop,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { secretFile } from './secret-file.mjs';
import { startServer } from './server-process.mjs';

/**
 * A private Redis on a unix socket, without any TCP port. Started again after it was killed, it has its data.
 *
 * It never evicts: BullMQ's keys are all needed. The append-only file is synced every second, so a killed Redis
 * comes back with all it acknowledged, and a lost machine loses a second of what MySQL holds anyway.
 * @param {import('./server-programs.mjs').Program} program
 * @param {import('./run-folder.mjs').Run} run
 * @returns {Promise<NodeJS.ProcessEnv>} BEEPRO_REDIS_URL and BEEPRO_REDIS_PASSWORD_FILE
 */
export async function startRedis(program, run) {
  const dir = join(run.dir, 'redis');
  const socket = join(run.socketDir, 'redis.sock');
  const { path: passwordFile, secret: password } = secretFile(join(run.dir, 'secrets/redis-password'));
  const config = join(run.dir, 'secrets/redis.conf');
  const log = join(run.dir, 'logs/redis.log');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  // A file, because the command line can be read by everybody on the machine.
  writeFileSync(
    config,
    [
      'port 0',
      `unixsocket "${socket}"`,
      'unixsocketperm 600',
      `requirepass ${password}`,
      `dir "${dir}"`,
      `logfile "${log}"`,
      'daemonize no',
      'appendonly yes',
      'appendfsync everysec',
      'save ""',
      'maxmemory-policy noeviction',
      '',
    ].join('\n'),
    { mode: 0o600 },
  );
  await startServer({
    what: 'redis',
    run,
    program: program.path,
    args: [config],
    env: program.env,
    log,
    isReady: () => ping(socket, password),
  });
  return {
    BEEPRO_REDIS_URL: `redis+unix://${encodeURI(socket)}?db=0`,
    BEEPRO_REDIS_PASSWORD_FILE: passwordFile,
  };
}

/**
 * @param {string} socket
 * @param {string} password
 * @returns {Promise<boolean>}
 */
function ping(socket, password) {
  return new Promise((done) => {
    const connection = connect(socket);
    let answer = '';
    const finish = (/** @type {boolean} */ ready) => {
      connection.destroy();
      done(ready);
    };
    connection.setTimeout(1_000, () => finish(false));
    connection.once('error', () => finish(false));
    connection.once('close', () => finish(false));
    connection.on('data', (data) => {
      answer += data;
      if (answer.includes('+PONG')) finish(true);
      else if (answer.includes('-LOADING')) finish(false);
    });
    connection.write(`AUTH ${password}\r\nPING\r\n`);
  });
}

import { createHash } from 'node:crypto';
import { constants, cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { capture, findProgram } from './command.mjs';
import { withFileLock } from './file-lock.mjs';
import { cacheDir, userId } from './places.mjs';
import { secretFile } from './secret-file.mjs';
import { startServer } from './server-process.mjs';
import { SetupError } from './setup-error.mjs';

/** @typedef {import('./server-programs.mjs').Program} Program */

/** Raised when the recipe of the template changes. */
const TEMPLATE = 1;
const USER = 'beepro';
const DATABASE = 'beepro';
/** A third of the default: a private instance holds thousands of rows, and each run copies the file. */
const LOG_SIZE = '32M';

/**
 * A private MariaDB (or MySQL) on a unix socket, without any TCP port. What it commits is on disk when it says
 * so: MySQL is the truth, and tests kill it. Started again after that, it has its data.
 * @param {Program} program
 * @param {import('./run-folder.mjs').Run} run
 * @returns {Promise<NodeJS.ProcessEnv>} BEEPRO_MYSQL_URL and BEEPRO_MYSQL_PASSWORD_FILE
 */
export async function startMariadb(program, run) {
  const datadir = join(run.dir, 'mariadb');
  const socket = join(run.socketDir, 'mysqld.sock');
  const log = join(run.dir, 'logs/mariadb.log');
  const { path: passwordFile, secret: password } = secretFile(join(run.dir, 'secrets/mysql-password'));
  const initFile = join(run.dir, 'secrets/init.sql');
  if (!existsSync(datadir)) await copyTemplate(program, datadir);
  writeFileSync(initFile, initSql(password), { mode: 0o600 });
  await startServer({
    what: 'mariadb',
    run,
    program: program.path,
    args: [
      ...commonFlags(program, datadir),
      `--socket=${socket}`,
      '--skip-networking',
      `--pid-file=${join(run.socketDir, 'mysqld.pid')}`,
      `--log-error=${log}`,
      `--init-file=${initFile}`,
      '--character-set-server=utf8mb4',
      '--collation-server=utf8mb4_unicode_ci',
      '--default-time-zone=+00:00',
      '--innodb-flush-log-at-trx-commit=1',
      '--innodb-buffer-pool-size=128M',
      // 151 by default; a suite of many roles in many processes needs more.
      '--max-connections=1000',
    ],
    env: program.env,
    log,
    isReady: () => greets(socket),
  });
  return {
    BEEPRO_MYSQL_URL: `mysql://${USER}@localhost/${DATABASE}?socketPath=${encodeURIComponent(socket)}`,
    BEEPRO_MYSQL_PASSWORD_FILE: passwordFile,
  };
}

/** @param {string} password */
function initSql(password) {
  return [
    `CREATE DATABASE IF NOT EXISTS ${DATABASE} CHARACTER SET utf8mb4;`,
    `CREATE USER IF NOT EXISTS '${USER}'@'localhost';`,
    `ALTER USER '${USER}'@'localhost' IDENTIFIED BY '${password}';`,
    `GRANT ALL ON *.* TO '${USER}'@'localhost' WITH GRANT OPTION;`,
    `ALTER USER 'root'@'localhost' IDENTIFIED BY '${password}';`,
    '',
  ].join('\n');
}

/**
 * Initialising a data folder takes 0.5 to 5 s; copying one that is kept takes a tenth of it.
 * @param {Program} program
 * @param {string} datadir
 */
async function copyTemplate(program, datadir) {
  const key = createHash('sha256')
    .update(`${TEMPLATE}\n${program.path}\n${program.version}`)
    .digest('hex')
    .slice(0, 16);
  const template = join(cacheDir(), 'mariadb-template', key);
  await withFileLock(`${template}.lock`, async () => {
    if (existsSync(template)) return;
    const temporary = `${template}.tmp`;
    rmSync(temporary, { recursive: true, force: true });
    mkdirSync(dirname(temporary), { recursive: true });
    await initialise(program, temporary);
    renameSync(temporary, template);
  });
  cpSync(template, datadir, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

/**
 * @param {Program} program
 * @param {string} datadir
 */
async function initialise(program, datadir) {
  mkdirSync(datadir, { mode: 0o700 });
  const { code, stdout, stderr } = isMysql(program)
    ? await capture(program.path, [...commonFlags(program, datadir), '--initialize-insecure'])
    : await installDb(program, datadir);
  if (code === 0) return;
  throw new SetupError(
    `MariaDB's data folder could not be initialised with ${program.path}`,
    'set BEEPRO_MYSQL_URL to use a server of yours',
    `${stdout}\n${stderr}`.trim().split('\n').slice(-20).join('\n'),
  );
}

/**
 * @param {Program} program
 * @param {string} datadir
 */
function installDb(program, datadir) {
  const script = program.basedir
    ? join(program.basedir, 'bin/mariadb-install-db')
    : (findProgram('mariadb-install-db') ?? findProgram('mysql_install_db') ?? 'mariadb-install-db');
  return capture(
    script,
    [...commonFlags(program, datadir), '--auth-root-authentication-method=normal', '--skip-test-db'],
    { env: { ...process.env, ...program.env } },
  );
}

/**
 * @param {Program} program
 * @param {string} datadir
 */
function commonFlags(program, datadir) {
  const { basedir } = program;
  return [
    '--no-defaults',
    `--datadir=${datadir}`,
    ...(isMysql(program)
      ? [
          `--innodb-redo-log-capacity=${LOG_SIZE}`,
          '--secure-file-priv=NULL',
          '--mysqlx=OFF',
          '--skip-log-bin',
        ]
      : [`--innodb-log-file-size=${LOG_SIZE}`]),
    ...(userId() === 0 ? ['--user=root'] : []),
    ...(basedir
      ? [
          `--basedir=${basedir}`,
          `--lc-messages-dir=${join(basedir, 'share/mysql')}`,
          `--plugin-dir=${join(basedir, 'lib/mysql/plugin')}`,
        ]
      : []),
  ];
}

/** @param {Program} program */
function isMysql(program) {
  return !/mariadb/i.test(program.version);
}

/**
 * The server speaks first: its greeting starts with protocol version 10; 255 would be an error.
 * @param {string} socket
 * @returns {Promise<boolean>}
 */
function greets(socket) {
  return new Promise((done) => {
    const connection = connect(socket);
    const finish = (/** @type {boolean} */ ready) => {
      connection.destroy();
      done(ready);
    };
    connection.setTimeout(1_000, () => finish(false));
    connection.once('error', () => finish(false));
    connection.once('close', () => finish(false));
    connection.once('data', (data) => finish(data[4] === 10));
  });
}

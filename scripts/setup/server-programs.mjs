// Which Redis and which MariaDB (or MySQL) to start: those installed, else the distribution's packages unpacked
// into the cache folder.
import { join } from 'node:path';
import { findProgram } from './command.mjs';
import { libraryEnv, unpackedPackages, versionOf } from './unpacked-packages.mjs';

/**
 * @typedef {object} Program
 * @property {string} path
 * @property {string} version as it says itself, one line
 * @property {NodeJS.ProcessEnv} env what it needs in its environment
 * @property {string} basedir the folder above its share/, empty where it knows itself
 */
/** @typedef {{ redis: Program, mariadb: Program }} ServerPrograms */

const REDIS = 'usr/bin/redis-server';
const MARIADB = 'usr/sbin/mariadbd';

/** @type {import('./unpacked-packages.mjs').PackageSet} */
const SERVERS = {
  name: 'servers',
  recipe: 1,
  what: 'Redis and MariaDB',
  cure: 'install redis-server and mariadb-server yourself, or set BEEPRO_REDIS_URL and BEEPRO_MYSQL_URL',
  // redis-server holds only a link; the program is in redis-tools. mariadb-server holds the plugins.
  packages: ['redis-server', 'redis-tools', 'mariadb-server-core', 'mariadb-client-core', 'mariadb-server'],
  programPackages: ['redis-tools', 'mariadb-server-core'],
  programs: [REDIS, MARIADB],
};

/**
 * @param {(note: string) => void} onProgress
 * @param {{ installed?: boolean }} [options] installed: false skips those installed
 * @returns {Promise<ServerPrograms>}
 */
export async function findServerPrograms(onProgress, { installed = true } = {}) {
  const redis = installed ? await installedProgram(['redis-server']) : undefined;
  const mariadb = installed ? await installedProgram(['mariadbd', 'mysqld']) : undefined;
  if (redis && mariadb) return { redis, mariadb };
  const root = await unpackedPackages(SERVERS, onProgress);
  return {
    redis: redis ?? (await unpackedProgram(root, REDIS, '')),
    mariadb: mariadb ?? (await unpackedProgram(root, MARIADB, join(root, 'usr'))),
  };
}

/**
 * @param {readonly string[]} names
 * @returns {Promise<Program | undefined>}
 */
async function installedProgram(names) {
  for (const name of names) {
    const path = findProgram(name);
    const version = path && (await versionOf(path, process.env));
    if (path && version) return { path, version, env: {}, basedir: '' };
  }
  return undefined;
}

/**
 * @param {string} root
 * @param {string} program
 * @param {string} basedir
 * @returns {Promise<Program>}
 */
async function unpackedProgram(root, program, basedir) {
  const path = join(root, program);
  const env = libraryEnv(root);
  return { path, version: (await versionOf(path, { ...process.env, ...env })) ?? '', env, basedir };
}

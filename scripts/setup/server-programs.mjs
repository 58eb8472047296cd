// Which Redis and which MariaDB (or MySQL) to start: those installed, else the distribution's packages unpacked
// into the cache folder.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, findProgram } from './command.mjs';
import { findPackageLists, missingLibraryPackages, unpackPackages } from './debian-packages.mjs';
import { withFileLock } from './file-lock.mjs';
import { cacheDir } from './places.mjs';
import { SetupError } from './setup-error.mjs';
import { libraryFolders, missingLibraries } from './shared-libraries.mjs';

/**
 * @typedef {object} Program
 * @property {string} path
 * @property {string} version as it says itself, one line
 * @property {NodeJS.ProcessEnv} env what it needs in its environment
 * @property {string} basedir the folder above its share/, empty where it knows itself
 */
/** @typedef {{ redis: Program, mariadb: Program }} ServerPrograms */

/** Raised when the recipe below changes, so that folders of an older one are not used. */
const RECIPE = 1;
// redis-server holds only a link; the program is in redis-tools. mariadb-server holds the plugins.
const PACKAGES = [
  'redis-server',
  'redis-tools',
  'mariadb-server-core',
  'mariadb-client-core',
  'mariadb-server',
];
/** Those with the programs that are started; the libraries that the others need are not. */
const PROGRAM_PACKAGES = ['redis-tools', 'mariadb-server-core'];

/**
 * @param {(note: string) => void} onProgress
 * @param {{ installed?: boolean }} [options] installed: false skips those installed
 * @returns {Promise<ServerPrograms>}
 */
export async function findServerPrograms(onProgress, { installed = true } = {}) {
  const redis = installed ? await installedProgram(['redis-server']) : undefined;
  const mariadb = installed ? await installedProgram(['mariadbd', 'mysqld']) : undefined;
  if (redis && mariadb) return { redis, mariadb };
  const unpacked = await unpackedPrograms(onProgress);
  return { redis: redis ?? unpacked.redis, mariadb: mariadb ?? unpacked.mariadb };
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
 * @param {(note: string) => void} onProgress
 * @returns {Promise<ServerPrograms>}
 */
async function unpackedPrograms(onProgress) {
  const parent = join(cacheDir(), 'servers');
  const root = join(parent, `${systemName()}-${RECIPE}`);
  return withFileLock(
    `${root}.lock`,
    async () => {
      if (existsSync(root)) {
        const programs = await programsBelow(root);
        if (programs) return programs;
        rmSync(root, { recursive: true, force: true });
      }
      const temporary = join(parent, `.tmp-${process.pid}`);
      try {
        await fill(temporary, join(parent, 'apt'), onProgress);
        renameSync(temporary, root);
      } finally {
        rmSync(temporary, { recursive: true, force: true });
      }
      const programs = await programsBelow(root);
      if (programs) return programs;
      throw new SetupError(
        `the Redis and MariaDB unpacked in ${root} do not start`,
        'install redis-server and mariadb-server yourself, or set BEEPRO_REDIS_URL and BEEPRO_MYSQL_URL',
      );
    },
    (holder) => onProgress(`waiting for ${holder}`),
  );
}

/**
 * Downloads and unpacks; once more with fresh package lists when the machine's are too old to download from.
 * @param {string} folder
 * @param {string} aptFolder
 * @param {(note: string) => void} onProgress
 */
async function fill(folder, aptFolder, onProgress) {
  try {
    await fillFrom(folder, await findPackageLists(PACKAGES, { folder: aptFolder, onProgress }), onProgress);
  } catch (error) {
    if (!(error instanceof SetupError) || !/^downloading/.test(error.message)) throw error;
    rmSync(folder, { recursive: true, force: true });
    const apt = await findPackageLists(PACKAGES, { folder: aptFolder, refresh: true, onProgress });
    await fillFrom(folder, apt, onProgress);
  }
}

/**
 * @param {string} folder
 * @param {import('./debian-packages.mjs').Apt} apt
 * @param {(note: string) => void} onProgress
 */
async function fillFrom(folder, apt, onProgress) {
  mkdirSync(folder, { recursive: true });
  onProgress('downloading packages');
  await unpackPackages(apt, PACKAGES, folder);
  const missing = await missingBelow(folder);
  if (missing.length > 0) {
    onProgress('downloading libraries');
    const packages = await missingLibraryPackages(apt, PROGRAM_PACKAGES);
    if (packages.length > 0) await unpackPackages(apt, packages, folder);
    const still = await missingBelow(folder);
    if (still.length > 0) {
      throw new SetupError(
        `no package brings ${still.join(', ')}`,
        'install redis-server and mariadb-server yourself',
      );
    }
  }
  const versions = readdirSync(join(folder, '.deb')).join('\n');
  rmSync(join(folder, '.deb'), { recursive: true });
  writeFileSync(join(folder, 'packages.txt'), `${versions}\n`);
}

/** @param {string} root */
async function missingBelow(root) {
  const { redis, mariadb } = pathsBelow(root);
  const env = { ...process.env, ...libraryEnv(root) };
  return [...(await missingLibraries(redis, env)), ...(await missingLibraries(mariadb, env))];
}

/**
 * @param {string} root
 * @returns {Promise<ServerPrograms | undefined>} undefined when they cannot be started
 */
async function programsBelow(root) {
  const { redis, mariadb } = pathsBelow(root);
  const env = libraryEnv(root);
  const redisVersion = await versionOf(redis, { ...process.env, ...env });
  const mariadbVersion = await versionOf(mariadb, { ...process.env, ...env });
  if (!redisVersion || !mariadbVersion) return undefined;
  return {
    redis: { path: redis, version: redisVersion, env, basedir: '' },
    mariadb: { path: mariadb, version: mariadbVersion, env, basedir: join(root, 'usr') },
  };
}

/** @param {string} root */
function pathsBelow(root) {
  return { redis: join(root, 'usr/bin/redis-server'), mariadb: join(root, 'usr/sbin/mariadbd') };
}

/** @param {string} root */
function libraryEnv(root) {
  return {
    LD_LIBRARY_PATH: [...libraryFolders(root), process.env.LD_LIBRARY_PATH ?? ''].filter(Boolean).join(':'),
  };
}

/**
 * @param {string} path
 * @param {NodeJS.ProcessEnv} env
 */
async function versionOf(path, env) {
  const { code, stdout } = await capture(path, ['--version'], { env, timeoutMs: 20_000 });
  return code === 0 ? stdout.trim() : undefined;
}

/** Binaries fit the system whose packages they are. */
function systemName() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const field = (/** @type {string} */ name) =>
    new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(release)?.[1];
  return [field('ID') ?? 'linux', field('VERSION_ID') ?? 'rolling', process.arch].join('-');
}

// Programs of the distribution that are not installed: their packages unpacked into the cache folder, without root.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture } from './command.mjs';
import { findPackageLists, missingLibraryPackages, unpackPackages } from './debian-packages.mjs';
import { withFileLock } from './file-lock.mjs';
import { cacheDir } from './places.mjs';
import { SetupError } from './setup-error.mjs';
import { libraryFolders, missingLibraries } from './shared-libraries.mjs';

/**
 * @typedef {object} PackageSet
 * @property {string} name the folder's name in the cache
 * @property {number} recipe raised when anything below changes, so that folders of an older one are not used
 * @property {string} what for people: `Redis and MariaDB`
 * @property {string} cure what to do where they cannot be had
 * @property {readonly string[]} packages
 * @property {readonly string[]} programPackages those with the programs that are started; the libraries that the
 *   others need are not fetched
 * @property {readonly string[]} programs below the folder; each must answer `--version`
 */

/**
 * The folder with the unpacked packages; filled the first time, under a lock.
 * @param {PackageSet} set
 * @param {(note: string) => void} onProgress
 * @returns {Promise<string>}
 */
export async function unpackedPackages(set, onProgress) {
  const parent = join(cacheDir(), set.name);
  const root = join(parent, `${systemName()}-${set.recipe}`);
  return withFileLock(
    `${root}.lock`,
    async () => {
      if (existsSync(root)) {
        if (await allStart(set, root)) return root;
        rmSync(root, { recursive: true, force: true });
      }
      const temporary = join(parent, `.tmp-${process.pid}`);
      try {
        await fill(set, temporary, join(parent, 'apt'), onProgress);
        renameSync(temporary, root);
      } finally {
        rmSync(temporary, { recursive: true, force: true });
      }
      if (await allStart(set, root)) return root;
      throw new SetupError(`the ${set.what} unpacked in ${root} do not start`, set.cure);
    },
    (holder) => onProgress(`waiting for ${holder}`),
  );
}

/**
 * What programs below a folder need in their environment.
 * @param {string} root
 * @returns {{ LD_LIBRARY_PATH: string }}
 */
export function libraryEnv(root) {
  return {
    LD_LIBRARY_PATH: [...libraryFolders(root), process.env.LD_LIBRARY_PATH ?? ''].filter(Boolean).join(':'),
  };
}

/**
 * @param {string} path
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<string | undefined>} what it says of itself, one line; undefined when it does not start
 */
export async function versionOf(path, env) {
  const { code, stdout } = await capture(path, ['--version'], { env, timeoutMs: 20_000 });
  return code === 0 ? stdout.trim() : undefined;
}

/**
 * Downloads and unpacks; once more with fresh package lists when the machine's are too old to download from.
 * @param {PackageSet} set
 * @param {string} folder
 * @param {string} aptFolder
 * @param {(note: string) => void} onProgress
 */
async function fill(set, folder, aptFolder, onProgress) {
  const lists = { folder: aptFolder, what: set.what, cure: set.cure, onProgress };
  try {
    await fillFrom(set, folder, await findPackageLists(set.packages, lists), onProgress);
  } catch (error) {
    if (!(error instanceof SetupError) || !/^downloading/.test(error.message)) throw error;
    rmSync(folder, { recursive: true, force: true });
    const apt = await findPackageLists(set.packages, { ...lists, refresh: true });
    await fillFrom(set, folder, apt, onProgress);
  }
}

/**
 * @param {PackageSet} set
 * @param {string} folder
 * @param {import('./debian-packages.mjs').Apt} apt
 * @param {(note: string) => void} onProgress
 */
async function fillFrom(set, folder, apt, onProgress) {
  mkdirSync(folder, { recursive: true });
  onProgress('downloading packages');
  await unpackPackages(apt, set.packages, folder, set.cure);
  if ((await missingBelow(set, folder)).length > 0) {
    onProgress('downloading libraries');
    const packages = await missingLibraryPackages(apt, set.programPackages);
    if (packages.length > 0) await unpackPackages(apt, packages, folder, set.cure);
    const still = await missingBelow(set, folder);
    if (still.length > 0) throw new SetupError(`no package brings ${still.join(', ')}`, set.cure);
  }
  const versions = readdirSync(join(folder, '.deb')).join('\n');
  rmSync(join(folder, '.deb'), { recursive: true });
  writeFileSync(join(folder, 'packages.txt'), `${versions}\n`);
}

/**
 * @param {PackageSet} set
 * @param {string} root
 */
async function missingBelow(set, root) {
  const env = { ...process.env, ...libraryEnv(root) };
  const missing = [];
  for (const program of set.programs) missing.push(...(await missingLibraries(join(root, program), env)));
  return missing;
}

/**
 * @param {PackageSet} set
 * @param {string} root
 */
async function allStart(set, root) {
  const env = { ...process.env, ...libraryEnv(root) };
  for (const program of set.programs) if (!(await versionOf(join(root, program), env))) return false;
  return true;
}

/** Binaries fit the system whose packages they are. */
function systemName() {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const field = (/** @type {string} */ name) =>
    new RegExp(`^${name}="?([^"\\n]*)"?$`, 'm').exec(release)?.[1];
  return [field('ID') ?? 'linux', field('VERSION_ID') ?? 'rolling', process.arch].join('-');
}

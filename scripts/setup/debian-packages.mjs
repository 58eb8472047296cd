// Programs from the distribution's own packages, without root and without installing anything: downloaded with
// apt-get (which checks their signatures) and unpacked into a folder. dpkg's database and lock are not touched.
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { capture, findProgram, mustRun } from './command.mjs';
import { SetupError } from './setup-error.mjs';

// biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders
const DPKG_FORMAT = '${db:Status-Abbrev}${binary:Package}\n';

/** @typedef {{ options: readonly string[] }} Apt the options that say which package lists are used */

/**
 * Package lists that know all the packages: the machine's, or else a private copy fetched into `folder`.
 * @param {readonly string[]} packages
 * @param {object} options
 * @param {string} options.folder for the private copy
 * @param {string} options.what for people, as `Redis and MariaDB`
 * @param {string} options.cure what to do where they cannot be had
 * @param {boolean} [options.refresh] fetch the lists even though the machine's know the packages (they may be too old
 *   to download from)
 * @param {(note: string) => void} options.onProgress
 * @returns {Promise<Apt>}
 */
export async function findPackageLists(packages, { folder, what, cure, refresh = false, onProgress }) {
  if (!findProgram('apt-get') || !findProgram('dpkg-deb')) {
    throw new SetupError(`this machine has no ${what}, and no apt to get it with`, cure);
  }
  const machine = { options: ['-o', 'APT::Sandbox::User='] };
  if (!refresh && (await haveCandidates(machine, packages))) return machine;

  const own = { options: [...machine.options, ...privateFolders(folder)] };
  onProgress('fetching package lists');
  await mustRun('apt-get', [...own.options, '-q', 'update'], {
    what: 'fetching the package lists',
    cure: `check the network and /etc/apt/sources.list, or ${cure}`,
  });
  if (await haveCandidates(own, packages)) return own;
  throw new SetupError(
    `the configured package sources do not offer ${packages.join(', ')}`,
    `on Ubuntu enable the component "universe"; or ${cure}`,
  );
}

/**
 * @param {Apt} apt
 * @param {readonly string[]} packages
 * @param {string} folder receives the contents of the packages
 * @param {string} cure what to do where they cannot be downloaded
 */
export async function unpackPackages(apt, packages, folder, cure) {
  const downloads = join(folder, '.deb');
  mkdirSync(downloads, { recursive: true });
  await mustRun('apt-get', [...apt.options, '-q', 'download', ...packages], {
    cwd: downloads,
    what: `downloading ${packages.join(', ')}`,
    cure: `check the network, or ${cure}`,
  });
  for (const name of readdirSync(downloads).filter((file) => file.endsWith('.deb'))) {
    await mustRun('dpkg-deb', ['-x', join(downloads, name), folder], { what: `unpacking ${name}` });
  }
}

/**
 * The libraries that packages depend on, directly and through others, and that the machine has not installed.
 * @param {Apt} apt
 * @param {readonly string[]} packages
 * @returns {Promise<string[]>} package names
 */
export async function missingLibraryPackages(apt, packages) {
  const skipped = ['recommends', 'suggests', 'conflicts', 'breaks', 'replaces', 'enhances'].map(
    (kind) => `--no-${kind}`,
  );
  const listing = await mustRun(
    'apt-cache',
    [...apt.options, 'depends', '--recurse', ...skipped, ...packages],
    {
      what: 'listing dependencies',
    },
  );
  const libraries = parseLibraryNames(listing);
  const { stdout } = await capture('dpkg-query', ['-W', '-f', DPKG_FORMAT, ...libraries]);
  const installed = new Set(
    stdout
      .split('\n')
      .filter((line) => line.startsWith('ii'))
      .map((line) => (line.slice(3).trim().split(':')[0] ?? '').trim()),
  );
  return libraries.filter((name) => !installed.has(name));
}

/**
 * @param {string} listing the output of `apt-cache depends --recurse`: package names at the start of a line
 * @returns {string[]} those that are shared libraries by Debian's naming
 */
export function parseLibraryNames(listing) {
  const names = listing.split('\n').filter((line) => /^lib[a-z0-9.+-]+$/.test(line));
  return [...new Set(names)]
    .filter((name) => !/-(perl|dev|common|modules|modules-bin|data|doc)$/.test(name))
    .sort();
}

/**
 * @param {Apt} apt
 * @param {readonly string[]} packages
 */
async function haveCandidates(apt, packages) {
  const { stdout } = await capture('apt-cache', [...apt.options, 'policy', ...packages], {
    env: { ...process.env, LC_ALL: 'C' },
  });
  const candidates = [...stdout.matchAll(/^ {2}Candidate: (.*)$/gm)].map((match) => match[1]);
  return candidates.length === packages.length && candidates.every((version) => version !== '(none)');
}

/** @param {string} folder */
function privateFolders(folder) {
  for (const name of ['lists/partial', 'cache/archives/partial'])
    mkdirSync(join(folder, name), { recursive: true });
  return ['-o', `Dir::State::lists=${join(folder, 'lists')}`, '-o', `Dir::Cache=${join(folder, 'cache')}`];
}

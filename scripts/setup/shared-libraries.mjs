import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './command.mjs';

/**
 * Folders below `root` that hold shared libraries, in the order of the dynamic linker; also those of one library's
 * own (`x86_64-linux-gnu/pulseaudio`), which installed ones find by their run path.
 * @param {string} root a folder with the contents of packages
 * @returns {string[]}
 */
export function libraryFolders(root) {
  const found = [];
  for (const base of ['usr/lib', 'lib']) {
    const folder = join(root, base);
    if (!existsSync(folder)) continue;
    const inside = foldersIn(folder);
    found.push(...[folder, ...inside, ...inside.flatMap(foldersIn)].filter(holdsLibraries));
  }
  return found;
}

/**
 * @param {string} folder
 * @returns {string[]}
 */
function foldersIn(folder) {
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isDirectory());
}

/**
 * @param {string} program
 * @param {NodeJS.ProcessEnv} env with LD_LIBRARY_PATH
 * @returns {Promise<string[]>} the libraries that the dynamic linker does not find
 */
export async function missingLibraries(program, env) {
  const listing = await mustRun('ldd', [program], { env, what: `looking at the libraries of ${program}` });
  return parseMissing(listing);
}

/**
 * @param {string} listing the output of ldd
 * @returns {string[]}
 */
export function parseMissing(listing) {
  return [...listing.matchAll(/^\s*(\S+) => not found$/gm)].map((match) => match[1] ?? '');
}

/** @param {string} folder */
function holdsLibraries(folder) {
  return readdirSync(folder).some((name) => /\.so(\.|$)/.test(name));
}

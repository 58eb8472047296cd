import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './command.mjs';
import { withFileLock } from './file-lock.mjs';
import { ROOT } from './places.mjs';
import { step } from './progress.mjs';
import { toolEnv } from './tool-folders.mjs';

const MODULES = join(ROOT, 'node_modules');
const STAMP = join(MODULES, '.beepro-stamp');

/** Installs the packages of the lock file, unless they are installed. */
export async function ensurePackages() {
  if (areInstalled()) return;
  await step('npm packages', async ({ update }) => {
    await withFileLock(
      join(ROOT, '.state/packages.lock'),
      async () => {
        if (areInstalled()) return;
        await mustRun(
          'npm',
          [
            'ci',
            '--ignore-scripts',
            '--include=dev',
            '--include=optional',
            '--no-audit',
            '--no-fund',
            '--loglevel=error',
          ],
          {
            cwd: ROOT,
            env: { ...process.env, ...toolEnv() },
            what: 'installing the npm packages',
            cure: 'check the network and npm\'s settings ("npm config ls"), then run this again',
          },
        );
        writeFileSync(STAMP, lockHash());
      },
      (holder) => update(`waiting for ${holder}`),
    );
  });
}

function areInstalled() {
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === lockHash()) return true;
  if (!isInstalledByHand()) return false;
  writeFileSync(STAMP, lockHash());
  return true;
}

/** `npm install` leaves what it installed in node_modules/.package-lock.json. */
function isInstalledByHand() {
  const installed = join(MODULES, '.package-lock.json');
  if (!existsSync(installed)) return false;
  return isComplete(
    JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages,
    JSON.parse(readFileSync(installed, 'utf8')).packages,
  );
}

/** @typedef {Readonly<Record<string, { version?: string, integrity?: string, optional?: boolean, devOptional?: boolean }>>} LockedPackages */

/**
 * True when what is installed is what the lock file wants; packages for other platforms may be absent.
 * @param {LockedPackages} wanted
 * @param {LockedPackages} installed
 * @returns {boolean}
 */
export function isComplete(wanted, installed) {
  const names = Object.keys(wanted).filter((name) => name !== '');
  return (
    Object.keys(installed).every((name) => wanted[name] !== undefined) &&
    names.every((name) => {
      const [want, have] = [wanted[name], installed[name]];
      if (have === undefined) return want?.optional === true || want?.devOptional === true;
      return have.version === want?.version && have.integrity === want?.integrity;
    })
  );
}

function lockHash() {
  return createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
}

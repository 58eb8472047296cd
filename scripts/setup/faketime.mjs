// libfaketime for tests of machines whose clock is off: the distribution's package, unpacked into the cache folder. A
// process that is started with it sees another wall clock; its monotonic one stays right, as on such a machine.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findPackageLists, unpackPackages } from './debian-packages.mjs';
import { withFileLock } from './file-lock.mjs';
import { cacheDir } from './places.mjs';
import { SetupError } from './setup-error.mjs';

const PACKAGES = ['libfaketime'];
const CURE = 'run this on a machine with Debian’s package sources';

/** @returns {Promise<string>} the library's path */
export async function ensureFaketime() {
  const parent = join(cacheDir(), 'tools');
  const folder = join(parent, `faketime-${process.arch}`);
  await withFileLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    const temporary = `${folder}.tmp-${process.pid}`;
    try {
      mkdirSync(temporary, { recursive: true });
      const apt = await findPackageLists(PACKAGES, {
        folder: join(parent, 'apt'),
        what: 'libfaketime',
        cure: CURE,
        onProgress: () => undefined,
      });
      await unpackPackages(apt, PACKAGES, temporary, CURE);
      rmSync(join(temporary, '.deb'), { recursive: true, force: true });
      renameSync(temporary, folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const name = names.find((path) => path.endsWith('/libfaketimeMT.so.1'));
  if (!name) throw new SetupError(`the package libfaketime brought no library into ${folder}`);
  return join(folder, name);
}

/**
 * @param {string} library from {@link ensureFaketime}
 * @param {number} seconds how far the wall clock is ahead, or behind when negative
 * @returns {Record<string, string>} added to a process's environment
 */
export function clockEnv(library, seconds) {
  return {
    LD_PRELOAD: library,
    FAKETIME: `${seconds < 0 ? '' : '+'}${seconds}`,
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
    // Files keep the kernel's time.
    NO_FAKE_STAT: '1',
  };
}

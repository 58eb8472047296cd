// A Chromium for the tests of the pages: the one installed, else Debian's packages unpacked into the cache folder.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from './setup-error.mjs';
import { libraryEnv, unpackedPackages } from './unpacked-packages.mjs';

const INSTALLED = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** @type {import('./unpacked-packages.mjs').PackageSet} */
const BROWSER = {
  name: 'browser',
  recipe: 1,
  what: 'Chromium',
  cure: 'install chromium yourself, or set BEEPRO_CHROMIUM to a Chromium or Chrome',
  packages: ['chromium', 'chromium-common', 'fontconfig-config', 'fonts-dejavu-core'],
  programPackages: ['chromium'],
  programs: ['usr/lib/chromium/chromium'],
};

/**
 * The path of a Chromium, or undefined with the reason in `onMissing`: a distribution that has none as a package
 * (Ubuntu's is a snap) still runs every other test.
 * @param {(note: string) => void} onProgress
 * @param {(reason: string) => void} onMissing
 * @param {{ installed?: boolean }} [options] installed: false skips one that is installed
 * @returns {Promise<string | undefined>}
 */
export async function findBrowser(onProgress, onMissing, { installed = true } = {}) {
  if (process.env.BEEPRO_CHROMIUM) return process.env.BEEPRO_CHROMIUM;
  const found = installed ? INSTALLED.find((path) => existsSync(path)) : undefined;
  if (found) return found;
  try {
    return launcher(await unpackedPackages(BROWSER, onProgress));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    onMissing(`${error.message}; the tests in a browser are skipped (${error.cure})`);
    return undefined;
  }
}

/**
 * A script that starts it with its libraries and fonts.
 * @param {string} root
 */
function launcher(root) {
  const path = join(root, 'chromium');
  const fonts = join(root, 'fonts.conf');
  const cache = join(root, 'font-cache');
  mkdirSync(cache, { recursive: true });
  writeFileSync(
    fonts,
    `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>/usr/share/fonts</dir><dir>${join(root, 'usr/share/fonts')}</dir><cachedir>${cache}</cachedir></fontconfig>
`,
  );
  const { LD_LIBRARY_PATH } = libraryEnv(root);
  writeFileSync(
    path,
    `#!/bin/sh
export LD_LIBRARY_PATH='${LD_LIBRARY_PATH}' FONTCONFIG_FILE='${fonts}'
exec '${join(root, 'usr/lib/chromium/chromium')}' "$@"
`,
    { mode: 0o755 },
  );
  return path;
}

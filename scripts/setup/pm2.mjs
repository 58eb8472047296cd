// pm2 for the test that reloads roles under it. It is AGPL-3.0 and a tool beside the project: not among its
// dependencies, not in its lock file, fetched into the cache folder of this user when that test runs. The versions and
// the digests of everything it brings stand in scripts/tools/pm2/package-lock.json.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './command.mjs';
import { withFileLock } from './file-lock.mjs';
import { cacheDir, ROOT } from './places.mjs';
import { toolEnv } from './tool-folders.mjs';

const RECIPE = join(ROOT, 'scripts/tools/pm2');
const FILES = ['package.json', 'package-lock.json'];

/** @returns {Promise<string>} the program, for Node.js */
export async function ensurePm2() {
  const hash = createHash('sha256');
  for (const file of FILES) hash.update(readFileSync(join(RECIPE, file)));
  const folder = join(cacheDir(), 'tools', `pm2-${hash.digest('hex').slice(0, 16)}`);
  const program = join(folder, 'node_modules/pm2/bin/pm2');
  await withFileLock(`${folder}.lock`, async () => {
    if (existsSync(program)) return;
    const temporary = `${folder}.tmp-${process.pid}`;
    try {
      mkdirSync(temporary, { recursive: true });
      for (const file of FILES) cpSync(join(RECIPE, file), join(temporary, file));
      await mustRun('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
        cwd: temporary,
        env: { ...process.env, ...toolEnv() },
        what: 'fetching pm2',
        cure: 'check the network and npm\'s settings ("npm config ls"), then run this again',
      });
      rmSync(folder, { recursive: true, force: true });
      renameSync(temporary, folder);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  });
  return program;
}

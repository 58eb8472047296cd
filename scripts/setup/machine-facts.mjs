import { existsSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { arch, platform, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { capture, findProgram } from './command.mjs';
import { cacheDir, isCreatable, ROOT, stateDir } from './places.mjs';
import { proofCacheEnv } from './proof-caches.mjs';
import { toolEnv } from './tool-folders.mjs';

const GB = 1e9;
/** Packages 0.4 GB, sealer build 0.6, parameters 1.2 to 1.6, servers and databases 0.3, sectors; with reserve. */
const FIRST_RUN_DISK_BYTES = 6 * GB;
const LATER_DISK_BYTES = 1 * GB;

/** @returns {string} a file that says that set-up has run to its end once with this cache folder */
export function readyMarker() {
  return join(cacheDir(), 'ready');
}

/** @returns {Promise<import('./checks.mjs').MachineFacts>} */
export async function lookAtMachine() {
  const proofs = proofCacheEnv();
  const written = [ROOT, cacheDir(), proofs.FIL_PROOFS_PARAMETER_CACHE];
  return {
    platform: `${platform()}-${arch()}`,
    glibc: hasGlibc(),
    nodeVersion: process.versions.node,
    npm: findProgram('npm') !== undefined,
    cargoVersion: await cargoVersion(),
    cc: findProgram('cc') !== undefined,
    git: findProgram('git') !== undefined,
    flock: findProgram('flock') !== undefined,
    memoryBytes: Math.min(totalmem(), controlGroupLimit()),
    disks: await Promise.all(
      [...new Set(written)].map(async (path) => ({ path, freeBytes: await freeBytes(path) })),
    ),
    diskNeedBytes: existsSync(readyMarker()) ? LATER_DISK_BYTES : FIRST_RUN_DISK_BYTES,
    folders: [
      { what: 'the work tree', path: ROOT, cure: `make ${ROOT} your own` },
      { what: 'the state folder', path: stateDir(), cure: 'set BEEPRO_STATE_DIR to a folder of your own' },
      { what: 'the cache folder', path: cacheDir(), cure: 'set BEEPRO_CACHE_DIR to a folder of your own' },
      {
        what: 'the parameter folder',
        path: proofs.FIL_PROOFS_PARAMETER_CACHE,
        cure: 'set FIL_PROOFS_PARAMETER_CACHE to a folder of your own',
      },
      {
        what: 'the parents cache',
        path: proofs.FIL_PROOFS_PARENT_CACHE,
        cure: 'set FIL_PROOFS_PARENT_CACHE to a folder of your own',
      },
    ].map((folder) => ({ ...folder, writable: isCreatable(folder.path) })),
  };
}

/** @returns {Promise<string | undefined>} */
async function cargoVersion() {
  const { code, stdout } = await capture('cargo', ['--version'], { env: { ...process.env, ...toolEnv() } });
  return code === 0 ? /^cargo (\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] : undefined;
}

/**
 * Free space for this user on the file system that holds `path`, or will.
 * @param {string} path
 */
async function freeBytes(path) {
  let existing = path;
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = await statfs(existing);
  return bavail * bsize;
}

function hasGlibc() {
  const report = /** @type {{ header?: { glibcVersionRuntime?: string } }} */ (
    process.report?.getReport() ?? {}
  );
  return report.header?.glibcVersionRuntime !== undefined;
}

/** @returns {number} bytes; infinite where no limit is set */
function controlGroupLimit() {
  for (const path of ['/sys/fs/cgroup/memory.max', '/sys/fs/cgroup/memory/memory.limit_in_bytes']) {
    if (existsSync(path)) {
      const limit = Number(readFileSync(path, 'utf8'));
      if (Number.isFinite(limit) && limit > 0) return limit;
    }
  }
  return Number.POSITIVE_INFINITY;
}

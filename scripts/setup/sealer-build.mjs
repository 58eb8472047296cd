import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { join } from 'node:path';
import { capture, findProgram, mustRun } from './command.mjs';
import { withFileLock } from './file-lock.mjs';
import { cacheDir, ROOT } from './places.mjs';
import { createEstimate, step } from './progress.mjs';
import { SetupError } from './setup-error.mjs';
import { toolEnv } from './tool-folders.mjs';

const SEALER = join(ROOT, 'sealer');
const UNUSED_BINARY_DAYS = 30;

/** @typedef {{ features: readonly string[], targetDir: string }} SealerBuild */

/**
 * How the sealer is built on this machine. The target folder lies outside the work tree and is shared by all work
 * trees that have the same dependencies: cargo tells their own crates apart by path and builds the 200 others once.
 * @returns {Promise<SealerBuild>}
 */
export async function sealerBuild() {
  const features = await chosenFeatures();
  const compiler = await mustRun('rustc', ['-vV'], { what: 'asking rustc for its version', env: cargoEnv() });
  const key = createHash('sha256')
    .update(readFileSync(join(SEALER, 'Cargo.lock')))
    .update(`\n${features.join(',')}\n${compiler}\n${process.env.RUSTFLAGS ?? ''}`)
    .digest('hex')
    .slice(0, 16);
  return { features, targetDir: join(cacheDir(), `target-${key}`) };
}

/** @returns {NodeJS.ProcessEnv} */
export function cargoEnv() {
  return { ...process.env, ...toolEnv() };
}

/**
 * @param {SealerBuild} build
 * @returns {string[]} what every call of cargo is given
 */
export function cargoFlags({ features, targetDir }) {
  return [
    '--release',
    '--locked',
    '--target-dir',
    targetDir,
    ...(features.length > 0 ? ['--features', features.join(',')] : []),
  ];
}

/**
 * Builds the sealer, unless BEEPRO_SEALER_BIN names one.
 * @returns {Promise<string>} the program's absolute path; it stays the same while the program does
 */
export async function ensureSealer() {
  const given = process.env.BEEPRO_SEALER_BIN;
  if (given) {
    if (existsSync(given)) return given;
    throw new SetupError(
      `there is no ${given}`,
      'correct BEEPRO_SEALER_BIN, or unset it to have the sealer built',
    );
  }
  return step('sealer', async ({ update }) => {
    update('compiling; the first time takes about 3 min on 2 cores');
    const build = await sealerBuild();
    return withFileLock(
      `${build.targetDir}.lock`,
      async () => {
        await compile(build, update);
        return publish(join(build.targetDir, 'release/beepro-sealer'));
      },
      (holder) => update(`waiting for ${holder}`),
    );
  });
}

/**
 * @param {SealerBuild} build
 * @param {(note: import('./progress.mjs').Note) => void} update
 */
async function compile(build, update) {
  const estimate = createEstimate();
  await mustRun(
    'cargo',
    ['build', ...cargoFlags(build), '--package', 'beepro-sealer', '--bin', 'beepro-sealer'],
    {
      cwd: SEALER,
      env: {
        ...cargoEnv(),
        CARGO_TERM_PROGRESS_WHEN: 'always',
        CARGO_TERM_PROGRESS_WIDTH: '80',
        CARGO_TERM_COLOR: 'never',
      },
      onStderr: (line) => {
        const progress = parseProgress(line);
        if (!progress) return;
        estimate.set(shareOfWork(progress));
        update(() =>
          [`${progress.done} of ${progress.total} crates`, estimate.text()].filter(Boolean).join(', '),
        );
      },
      what: 'building the sealer',
      cure: 'the compiler\'s words are above; "cargo clean" is not needed, run this again when the cause is gone',
    },
  );
}

/**
 * @param {string} line of cargo's progress bar, as `    Building [=====>   ] 123/207: blst(build)`
 * @returns {{ done: number, total: number } | undefined}
 */
export function parseProgress(line) {
  const match = /Building \[[=> ]*\] (\d+)\/(\d+)/.exec(line);
  return match ? { done: Number(match[1]), total: Number(match[2]) } : undefined;
}

/**
 * The last crates are those that the proofs are compiled into: 4 of 286 take two fifths of the time.
 * @param {{ done: number, total: number }} progress
 * @returns {number} 0 to 1
 */
export function shareOfWork({ done, total }) {
  const heavy = Math.min(4, total);
  const light = total - heavy;
  const lightDone = light === 0 ? 1 : Math.min(done, light) / light;
  return 0.6 * lightDone + (0.4 * Math.max(0, done - light)) / heavy;
}

/**
 * Copies the program to a place named for its content: another work tree that builds into the same target folder
 * does not pull it from under this one, and running sealers keep their file.
 * @param {string} built
 * @returns {string}
 */
function publish(built) {
  const digest = createHash('sha256').update(readFileSync(built)).digest('hex').slice(0, 16);
  const folder = join(cacheDir(), 'bin');
  const path = join(folder, `beepro-sealer-${digest}`);
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    copyFileSync(built, `${path}.tmp-${process.pid}`);
    renameSync(`${path}.tmp-${process.pid}`, path);
  }
  const now = new Date();
  // Its use is stamped on the time of access: a worker whose binary has another time of change replaces its sealers.
  utimesSync(path, now, statSync(path).mtime);
  removeUnused(folder, now.getTime());
  return path;
}

/**
 * @param {string} folder
 * @param {number} now
 */
function removeUnused(folder, now) {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const ageDays = (now - statSync(path).atimeMs) / 86_400_000;
    if (ageDays > UNUSED_BINARY_DAYS) rmSync(path, { force: true });
  }
}

/**
 * No GPU features unless BEEPRO_SEALER_FEATURES asks for them (`cuda`, `opencl`): a build without them runs
 * everywhere. Multi-core PC1 where its library can be linked.
 * @returns {Promise<string[]>}
 */
async function chosenFeatures() {
  const asked = (process.env.BEEPRO_SEALER_FEATURES ?? '').split(/[\s,]+/).filter(Boolean);
  const hwloc = findProgram('pkg-config') && (await capture('pkg-config', ['--exists', 'hwloc'])).code === 0;
  return [...new Set([...asked, ...(hwloc ? ['multicore-sdr'] : [])])].sort();
}

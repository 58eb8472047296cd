import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { mustRun } from './command.mjs';
import { nodePath } from './node-runtime.mjs';
import { ROOT } from './places.mjs';
import { SetupError } from './setup-error.mjs';

/** The folders that tsconfig.build.json compiles. */
const SOURCES = ['src', 'config', 'db', 'queues', 'workers'];
const DIST = join(ROOT, 'dist');
const STAMP = join(DIST, 'build.json');

/**
 * The command line's program: of the production build when that was made from the present source (or is demanded by
 * BEEPRO_PRODUCTION=1), else undefined.
 * @returns {string | undefined}
 */
export function builtProgram() {
  const program = join(DIST, 'src/cli/main.js');
  const demanded = process.env.BEEPRO_PRODUCTION === '1';
  if (demanded && !existsSync(program)) throw new SetupError('there is no production build', 'npm run build');
  return demanded || isCurrent() ? program : undefined;
}

/** Compiles into a new folder and then exchanges it, so that `dist` is whole at every moment but one rename. */
export async function buildProgram() {
  const fresh = join(ROOT, `dist.new-${process.pid}`);
  const old = join(ROOT, `dist.old-${process.pid}`);
  try {
    await mustRun(
      nodePath(),
      ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', '--outDir', fresh],
      {
        cwd: ROOT,
        what: 'compiling',
      },
    );
    for (const file of sourceFiles().filter(isAsset)) cpSync(join(ROOT, file), join(fresh, file));
    writeFileSync(join(fresh, 'build.json'), `${JSON.stringify({ sources: sourceDigest() })}\n`);
    if (existsSync(DIST)) renameSync(DIST, old);
    renameSync(fresh, DIST);
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

function isCurrent() {
  return existsSync(STAMP) && JSON.parse(readFileSync(STAMP, 'utf8')).sources === sourceDigest();
}

/** @param {string} file */
function isAsset(file) {
  return !file.endsWith('.ts');
}

function sourceDigest() {
  const hash = createHash('sha256');
  for (const file of [...sourceFiles(), 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json']) {
    const content = readFileSync(join(ROOT, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

/** @returns {string[]} paths from the root, sorted */
function sourceFiles() {
  return SOURCES.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .map((path) => join(folder, path))
      .filter((path) => statSync(join(ROOT, path)).isFile()),
  ).sort();
}

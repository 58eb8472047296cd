import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BeeproError } from '#core';

/** As in `ecosystem.config.js`, which says why. */
export const PRODUCTION_ENV = { MALLOC_ARENA_MAX: '2' };
const PRODUCTION_FLAGS = ['--max-semi-space-size=4', '--max-old-space-size=128', '--optimize-for-size'];

/**
 * How this same program is started once more: the source by type stripping where this runs from source, the
 * production build where this is the build, or where it is asked for.
 * @throws BeeproError `NOT_FOUND` when there is no production build
 */
export function programCommand(
  args: readonly string[],
  production = false,
): { file: string; args: string[] } {
  const beside = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const built = production ? join(process.cwd(), 'dist/src/cli/main.js') : beside;
  if (production && !existsSync(built))
    throw new BeeproError('NOT_FOUND', { what: 'production build', name: built });
  const source = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
  const flags = existsSync(built) ? [...PRODUCTION_FLAGS, built] : ['--conditions=development', source];
  return { file: process.execPath, args: ['--disable-warning=ExperimentalWarning', ...flags, ...args] };
}

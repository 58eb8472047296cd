import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * How this same program is started once more: the source by type stripping where this runs from source, the
 * production build where this is the build.
 */
export function programCommand(args: readonly string[]): { file: string; args: string[] } {
  const source = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
  const built = fileURLToPath(new URL('../cli/main.js', import.meta.url));
  const flags = existsSync(built) ? [built] : ['--conditions=development', source];
  return { file: process.execPath, args: ['--disable-warning=ExperimentalWarning', ...flags, ...args] };
}

import { homedir } from 'node:os';
import { join } from 'node:path';
import { cacheDir, isCreatable } from './places.mjs';

/**
 * npm and cargo keep downloads in the user's home. Users whose home cannot be written get them in the cache folder.
 * @returns {NodeJS.ProcessEnv} to be added to the environment of both
 */
export function toolEnv() {
  /** @type {NodeJS.ProcessEnv} */
  const env = {};
  if (!isCreatable(process.env.npm_config_cache ?? join(homedir(), '.npm'))) {
    env.npm_config_cache = join(cacheDir(), 'npm');
  }
  if (!isCreatable(process.env.CARGO_HOME ?? join(homedir(), '.cargo'))) {
    env.CARGO_HOME = join(cacheDir(), 'cargo');
  }
  return env;
}

import { join } from 'node:path';
import { cacheDir, isCreatable } from './places.mjs';

/**
 * Where the proofs library keeps its files: its own defaults, which all Filecoin programs of a machine share, or
 * folders of the user's own when those belong to somebody else.
 * @returns {{ FIL_PROOFS_PARAMETER_CACHE: string, FIL_PROOFS_PARENT_CACHE: string }}
 */
export function proofCacheEnv() {
  return {
    FIL_PROOFS_PARAMETER_CACHE: choose('FIL_PROOFS_PARAMETER_CACHE', '/var/tmp/filecoin-proof-parameters'),
    FIL_PROOFS_PARENT_CACHE: choose('FIL_PROOFS_PARENT_CACHE', '/var/tmp/filecoin-parents'),
  };
}

/**
 * @param {string} variable
 * @param {string} usual
 */
function choose(variable, usual) {
  const named = process.env[variable];
  if (named) return named;
  return isCreatable(usual) ? usual : join(cacheDir(), usual.slice(usual.lastIndexOf('/') + 1));
}

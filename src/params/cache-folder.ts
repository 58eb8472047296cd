import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { BeeproError } from '#core';
import { detailOf } from './file-errors.ts';

/** Where the proofs library looks for parameters unless told otherwise. */
export const DEFAULT_FOLDER = '/var/tmp/filecoin-proof-parameters';

/** What tells the proofs library where the parameters lie; every sealer process gets it. */
export const FOLDER_VARIABLE = 'FIL_PROOFS_PARAMETER_CACHE';

export interface ParameterFolder {
  readonly path: string;
  readonly origin: 'environment' | 'default' | 'user';
}

export interface FolderSurroundings {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly home?: string;
  /** {@link DEFAULT_FOLDER} unless given. */
  readonly defaultFolder?: string;
}

/**
 * The folder of proof parameters: the one the environment names, else the library's default, else, where that
 * cannot be written, one of the user's own.
 * @throws BeeproError `PARAMS_FOLDER_UNWRITABLE` when none can be written
 */
export async function resolveParameterFolder(
  surroundings: FolderSurroundings = {},
): Promise<ParameterFolder> {
  const { env = process.env, home = homedir(), defaultFolder = DEFAULT_FOLDER } = surroundings;
  const named = env[FOLDER_VARIABLE];
  // A named folder is taken as it is: a read-only one, shared and complete, serves for proving.
  if (named) return { path: resolve(named), origin: 'environment' };
  if (await canWrite(defaultFolder)) return { path: defaultFolder, origin: 'default' };
  const cache = env.XDG_CACHE_HOME || join(home, '.cache');
  const own = join(cache, 'beepro', 'filecoin-proof-parameters');
  if (await canWrite(own)) return { path: own, origin: 'user' };
  throw new BeeproError('PARAMS_FOLDER_UNWRITABLE', { folder: defaultFolder, detail: `neither can ${own}` });
}

/** Whether files can be made in this folder, which is made if need be. */
async function canWrite(path: string): Promise<boolean> {
  try {
    await mkdir(path, { recursive: true });
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false; // whatever the reason, the next candidate is asked
  }
}

/** @throws BeeproError `PARAMS_FOLDER_UNWRITABLE` */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new BeeproError('PARAMS_FOLDER_UNWRITABLE', { folder, detail: detailOf(error) }, { cause: error });
  }
}

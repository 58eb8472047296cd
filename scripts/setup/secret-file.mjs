import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * A generated secret in a file that only this user can read; made when it is not there yet.
 * @param {string} path
 * @returns {{ path: string, secret: string }}
 */
export function secretFile(path) {
  if (!existsSync(path))
    writeFileSync(path, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  return { path, secret: readFileSync(path, 'utf8').trim() };
}

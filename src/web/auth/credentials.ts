import { randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { BeeproError } from '#core';

/** The page's one account: its password by reference, and the key that signs sessions. */
export interface WebCredentials {
  /** Where the password stands, for telling the operator; undefined when it came from the environment. */
  readonly passwordFile: string | undefined;
  readonly sessionKey: Buffer;
  matches(password: string): boolean;
}

/**
 * Reads the page's password from `BEEPRO_WEB_PASSWORD_FILE`, else from `web-password` in the state folder, which
 * is made with a random one (mode 0600) the first time. Sessions are signed with a key derived from the
 * password, so changing it ends every session, and several pages behind one address share theirs.
 * @throws BeeproError `WEB_PASSWORD_UNREADABLE`
 */
export function loadCredentials(stateDir: string, env: NodeJS.ProcessEnv = process.env): WebCredentials {
  const given = env.BEEPRO_WEB_PASSWORD_FILE;
  const path = given ?? join(stateDir, 'web-password');
  const password = given === undefined ? readOrCreate(path) : read(path);
  const digest = (text: string): Buffer => scryptSync(text, 'beepro-web-login', 32);
  const expected = digest(password);
  return {
    passwordFile: path,
    sessionKey: scryptSync(password, 'beepro-web-session', 32),
    matches: (candidate) => timingSafeEqual(digest(candidate), expected),
  };
}

function read(path: string): string {
  let password: string;
  try {
    password = readFileSync(path, 'utf8').trim();
  } catch (cause) {
    throw new BeeproError('WEB_PASSWORD_UNREADABLE', { path, detail: (cause as Error).message }, { cause });
  }
  if (password.length < 8) {
    throw new BeeproError('WEB_PASSWORD_UNREADABLE', { path, detail: 'it holds fewer than 8 characters' });
  }
  return password;
}

function readOrCreate(path: string): string {
  mkdirSync(dirname(path), { recursive: true });
  try {
    // `wx`: of two pages that start at once only one makes the password.
    writeFileSync(path, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new BeeproError('WEB_PASSWORD_UNREADABLE', { path, detail: (error as Error).message });
    }
  }
  return read(path);
}

import { readFileSync } from 'node:fs';
import { BeeproError } from '#core';

/** Where the server is and who asks, as mysql2 wants it. */
export interface ConnectionTarget {
  readonly host: string;
  readonly port: number;
  readonly socketPath: string | undefined;
  readonly user: string;
  readonly password: string | undefined;
  readonly database: string;
  readonly ssl: { readonly rejectUnauthorized: boolean; readonly ca?: string } | undefined;
  /** For messages: host and port, or the socket. Never a password. */
  readonly server: string;
}

const PARAMETERS = new Set(['socketPath', 'ssl', 'sslCa', 'passwordFile']);

/**
 * Reads `mysql://user:password@host:3306/database`. Parameters: `socketPath` (a unix socket, in place of host and
 * port), `passwordFile`, `ssl=verify|trust` (encrypt, and check the server's certificate or not), `sslCa` (a file).
 * @throws BeeproError `DB_URL_INVALID`
 */
export function parseDatabaseUrl(text: string, passwordFile?: string): ConnectionTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['mysql:', 'mariadb:'].includes(url.protocol)) {
    throw invalid('it must begin with mysql://');
  }
  for (const name of url.searchParams.keys()) {
    if (!PARAMETERS.has(name)) throw invalid(`unknown parameter ${name}`);
  }
  const database = decode(url.pathname.slice(1));
  if (!/^[A-Za-z0-9_$-]{1,64}$/.test(database)) throw invalid('it names no database after the host');
  if (url.username === '') throw invalid('it names no user');

  const socketPath = url.searchParams.get('socketPath') ?? undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '') || 'localhost';
  const port = url.port === '' ? 3306 : Number(url.port);
  const file = passwordFile ?? url.searchParams.get('passwordFile') ?? undefined;
  return {
    host,
    port,
    socketPath,
    user: decode(url.username),
    password: file === undefined ? decode(url.password) || undefined : readPassword(file),
    database,
    ssl: readSsl(url.searchParams),
    server: socketPath ?? `${host}:${port}`,
  };
}

function readSsl(parameters: URLSearchParams): ConnectionTarget['ssl'] {
  const mode = parameters.get('ssl');
  const ca = parameters.get('sslCa');
  if (mode === null && ca === null) return undefined;
  if (mode !== null && mode !== 'verify' && mode !== 'trust') throw invalid('ssl must be verify or trust');
  return { rejectUnauthorized: mode !== 'trust', ...(ca === null ? {} : { ca: readText(ca) }) };
}

function readPassword(file: string): string {
  return readText(file).split(/\r?\n/, 1)[0] ?? '';
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new BeeproError('DB_URL_INVALID', { detail: `the file ${file} cannot be read` }, { cause });
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw invalid('it has a malformed % escape');
  }
}

function invalid(detail: string): BeeproError {
  return new BeeproError('DB_URL_INVALID', { detail });
}

import { readFileSync } from 'node:fs';
import { BeeproError } from '#core';

interface Credentials {
  readonly username?: string;
  readonly password?: string;
}

interface Common extends Credentials {
  readonly tls: boolean;
  readonly db: number;
}

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** Where Redis is, as {@link parseRedisAddress} reads it. */
export type RedisAddress =
  | (Common & { readonly kind: 'single'; readonly host: string; readonly port: number })
  | (Common & { readonly kind: 'socket'; readonly path: string })
  | (Common & {
      readonly kind: 'sentinel';
      readonly sentinels: readonly RedisNode[];
      readonly master: string;
    })
  | (Common & { readonly kind: 'cluster'; readonly nodes: readonly RedisNode[] });

/**
 * Reads the forms of `BEEPRO_REDIS_URL`:
 *
 * | form | what |
 * |---|---|
 * | `redis://[user[:password]@]host[:6379][/db]`, `rediss://…` | one server |
 * | `unix:///run/redis.sock[?db=0]` | one server on a unix socket |
 * | `redis-sentinel://[user[:password]@]a:26379,b:26379/master[/db]`, `rediss-sentinel://…` | Sentinel |
 * | `redis-cluster://[user[:password]@]a:6379,b:6379`, `rediss-cluster://…` | Cluster |
 *
 * `?password_file=PATH` and `?password_env=NAME` keep the password out of the address, as does the variable
 * `BEEPRO_REDIS_PASSWORD_FILE`, which counts where the address names no password.
 * @throws BeeproError `REDIS_URL_MALFORMED`; its message never holds the password
 */
export function parseRedisAddress(url: string, env: NodeJS.ProcessEnv = process.env): RedisAddress {
  const match = /^([a-z+-]+):\/\/(?:([^@/?]*)@)?([^/?]*)(\/[^?]*)?(?:\?(.*))?$/.exec(url.trim());
  if (!match) throw malformed(url, 'it has not the form scheme://host');
  const [, scheme = '', userinfo, authority = '', path = '', query = ''] = match;
  const parameters = new URLSearchParams(query);
  const common = {
    tls: scheme.startsWith('rediss'),
    ...credentials(url, userinfo, parameters, env),
  };
  switch (scheme) {
    case 'redis':
    case 'rediss': {
      const [node] = nodes(url, authority || 'localhost', 6379);
      if (!node || authority.includes(',')) throw malformed(url, 'it names no single server');
      return { kind: 'single', ...common, ...node, db: database(url, path.slice(1) || parameters.get('db')) };
    }
    case 'unix':
    case 'redis+unix':
      if (!path || authority) throw malformed(url, 'a socket is written unix:///path');
      return {
        kind: 'socket',
        ...common,
        path: decodeURIComponent(path),
        db: database(url, parameters.get('db')),
      };
    case 'redis-sentinel':
    case 'rediss-sentinel': {
      const [master = '', db] = path.slice(1).split('/');
      if (!master) throw malformed(url, 'the name of the master is missing after the hosts');
      const sentinels = nodes(url, authority, 26379);
      return { kind: 'sentinel', ...common, sentinels, master, db: database(url, db ?? null) };
    }
    case 'redis-cluster':
    case 'rediss-cluster':
      return { kind: 'cluster', ...common, nodes: nodes(url, authority, 6379), db: 0 };
    default:
      throw malformed(url, `the scheme ${scheme} is unknown`);
  }
}

/** The address for messages and logs, without credentials. */
export function describeRedisAddress(address: RedisAddress): string {
  const list = (items: readonly RedisNode[]) => items.map((n) => `${n.host}:${n.port}`).join(',');
  switch (address.kind) {
    case 'single':
      return `redis://${address.host}:${address.port}/${address.db}`;
    case 'socket':
      return `unix://${address.path}`;
    case 'sentinel':
      return `redis-sentinel://${list(address.sentinels)}/${address.master}`;
    case 'cluster':
      return `redis-cluster://${list(address.nodes)}`;
  }
}

function nodes(url: string, authority: string, defaultPort: number): RedisNode[] {
  return authority.split(',').map((text) => {
    const match = /^(\[[0-9a-fA-F:]+\]|[^:[\]]+)(?::(\d+))?$/.exec(text);
    const port = Number(match?.[2] ?? defaultPort);
    if (!match?.[1] || port < 1 || port > 65_535) throw malformed(url, `"${text}" is no host:port`);
    return { host: match[1].replace(/^\[|\]$/g, ''), port };
  });
}

function database(url: string, text: string | null): number {
  if (text === null || text === '') return 0;
  if (!/^\d{1,4}$/.test(text)) throw malformed(url, `"${text}" is no database number`);
  return Number(text);
}

function credentials(
  url: string,
  userinfo: string | undefined,
  parameters: URLSearchParams,
  env: NodeJS.ProcessEnv,
): Credentials {
  const [username, inline] = (userinfo ?? '').split(':').map(decodeURIComponent);
  const variable = parameters.get('password_env');
  const file =
    parameters.get('password_file') ?? (variable || inline ? undefined : env.BEEPRO_REDIS_PASSWORD_FILE);
  const password = file ? readSecret(url, file) : variable ? env[variable] : inline;
  if (variable && password === undefined) throw malformed(url, `the variable ${variable} is not set`);
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) };
}

function readSecret(url: string, path: string): string {
  try {
    return (readFileSync(path, 'utf8').split('\n')[0] ?? '').trim();
  } catch (error) {
    throw malformed(url, `the password file cannot be read: ${(error as Error).message}`);
  }
}

function malformed(url: string, detail: string): BeeproError {
  const shown = url.replace(/\/\/[^@/]*@/, '//…@');
  return new BeeproError('REDIS_URL_MALFORMED', { url: shown, detail });
}

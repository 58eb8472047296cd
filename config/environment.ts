import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { z } from 'zod';
import { BeeproError } from '#core';

/** What a process must know before it can ask the database for everything else. */
export interface Environment {
  readonly mysql: { readonly url: string; readonly passwordFile: string | undefined } | undefined;
  /** In any form that `#queues` reads: one server, unix socket, Sentinel, Cluster. */
  readonly redis: { readonly url: string; readonly passwordFile: string | undefined } | undefined;
  /** Absolute: journals, locks and logs of this host. */
  readonly stateDir: string;
  readonly sealerBin: string | undefined;
  readonly workerName: string;
  /** How other workers reach this one, to fetch C1's output. */
  readonly workerStream: {
    readonly listen: HostPort;
    /** What they are told; undefined: as it listens. */
    readonly advertise: HostPort | undefined;
    /** Holds what the fleet's workers share; undefined: a file in the state folder, for one machine. */
    readonly secretFile: string | undefined;
  };
}

export interface HostPort {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

const REDIS_SCHEMES = /^(rediss?|unix|redis\+unix|rediss?-sentinel|rediss?-cluster):\/\//;

const optionalText = z
  .string()
  .optional()
  .transform((text) => (text === '' ? undefined : text));

const hostPort = optionalText
  .refine((text) => text === undefined || parseHostPort(text) !== undefined, {
    error: 'must be HOST:PORT, such as 10.0.0.5:8850 or [::1]:0',
  })
  .transform((text) => (text === undefined ? undefined : parseHostPort(text)));

const SCHEMA = z.object({
  BEEPRO_MYSQL_URL: optionalText.refine((url) => url === undefined || /^(mysql|mariadb):\/\//.test(url), {
    error: 'must begin with mysql://',
  }),
  BEEPRO_MYSQL_PASSWORD_FILE: optionalText,
  BEEPRO_REDIS_URL: optionalText.refine((url) => url === undefined || REDIS_SCHEMES.test(url), {
    error: 'must begin with redis://, rediss://, unix://, redis-sentinel:// or redis-cluster://',
  }),
  BEEPRO_REDIS_PASSWORD_FILE: optionalText,
  BEEPRO_STATE_DIR: optionalText,
  BEEPRO_SEALER_BIN: optionalText,
  BEEPRO_WORKER_NAME: optionalText.refine(
    (name) => name === undefined || /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name),
    { error: 'must be 1 to 63 letters, digits, dots, dashes or underscores' },
  ),
  BEEPRO_WORKER_LISTEN: hostPort,
  BEEPRO_WORKER_ADVERTISE: hostPort,
  BEEPRO_WORKER_SECRET_FILE: optionalText,
});

type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

/**
 * Reads the variables that BeePro starts from; everything else is a setting. What a command needs of them it asks for
 * with {@link needMysql} and {@link needRedis}.
 * @throws BeeproError `ENVIRONMENT_INVALID`, which names every variable that is wrong and never a value
 */
export function readEnvironment(env: EnvironmentVariables = process.env): Environment {
  const parsed = SCHEMA.safeParse(env);
  if (!parsed.success) {
    const detail = parsed.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`).join('; ');
    throw new BeeproError('ENVIRONMENT_INVALID', { detail });
  }
  const variables = parsed.data;
  return {
    mysql: address(variables.BEEPRO_MYSQL_URL, variables.BEEPRO_MYSQL_PASSWORD_FILE),
    redis: address(variables.BEEPRO_REDIS_URL, variables.BEEPRO_REDIS_PASSWORD_FILE),
    stateDir: resolve(variables.BEEPRO_STATE_DIR ?? '.state'),
    sealerBin: variables.BEEPRO_SEALER_BIN && resolve(variables.BEEPRO_SEALER_BIN),
    workerName: variables.BEEPRO_WORKER_NAME ?? nameOfHost(),
    workerStream: {
      listen: variables.BEEPRO_WORKER_LISTEN ?? { host: '127.0.0.1', port: 0 },
      advertise: variables.BEEPRO_WORKER_ADVERTISE,
      secretFile: variables.BEEPRO_WORKER_SECRET_FILE,
    },
  };
}

/** @throws BeeproError `ENVIRONMENT_INVALID` */
export function needMysql(environment: Environment): NonNullable<Environment['mysql']> {
  if (environment.mysql) return environment.mysql;
  throw new BeeproError('ENVIRONMENT_INVALID', { detail: 'BEEPRO_MYSQL_URL is not set' });
}

/** @throws BeeproError `ENVIRONMENT_INVALID` */
export function needRedis(environment: Environment): NonNullable<Environment['redis']> {
  if (environment.redis) return environment.redis;
  throw new BeeproError('ENVIRONMENT_INVALID', { detail: 'BEEPRO_REDIS_URL is not set' });
}

function address(url: string | undefined, passwordFile: string | undefined) {
  return url === undefined ? undefined : { url, passwordFile };
}

function parseHostPort(text: string): HostPort | undefined {
  const [, host, port] = /^(\[[0-9a-fA-F:.]+\]|[^:[\]\s/@]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === undefined || Number(port) > 65_535) return undefined;
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
}

/** The host's short name, with what a worker's name may not hold replaced. */
function nameOfHost(): string {
  const short = hostname().split('.', 1)[0] ?? '';
  return (
    short
      .replace(/[^A-Za-z0-9._-]/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 63) || 'worker'
  );
}

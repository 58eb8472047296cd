import { type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

/** Field names whose values never reach a log line, at the top or one level down. */
const SECRET_FIELDS = ['password', 'token', 'secret', 'authorization', 'privateKey', 'cookie', 'jwt'];

export interface LoggerOptions {
  readonly role: string;
  /** pino level; default from `BEEPRO_LOG_LEVEL`, else `info`. */
  readonly level?: string;
  /** Pretty lines for people; default: when stdout is a terminal. */
  readonly pretty?: boolean;
  /** A file to write to instead of stdout. */
  readonly file?: string;
}

/**
 * One JSON line an event. Callers add `miner`, `sector`, `phase`, `attempt`, `worker` by `child()` or in the
 * event's object; errors go under `err`.
 */
export function createLogger(options: LoggerOptions): Logger {
  const level = options.level ?? process.env.BEEPRO_LOG_LEVEL ?? 'info';
  const redact = {
    paths: SECRET_FIELDS.flatMap((name) => [name, `*.${name}`, `*.headers.${name}`]),
    censor: '[redacted]',
  };
  const base = { role: options.role, pid: process.pid };
  const settings = { level, redact, base, timestamp: pino.stdTimeFunctions.isoTime };
  if (options.file !== undefined) {
    return pino(settings, pino.destination({ dest: options.file, mkdir: true, sync: false }));
  }
  if (options.pretty ?? process.stdout.isTTY) {
    return pino({
      ...settings,
      transport: {
        target: 'pino-pretty',
        options: { ignore: 'pid,hostname,role', translateTime: 'HH:MM:ss' },
      },
    });
  }
  return pino(settings);
}

import { type ConfiguredChain, createConfiguredChain, databaseRecord } from '#chain';
import {
  type Environment,
  needMysql,
  needRedis,
  type OperatorStamp,
  openSettings,
  readEnvironment,
  redisWake,
  type Settings,
  type SettingsWake,
  StampReader,
} from '#config';
import { type Database, type DatabaseOptions, migrateDatabase, openDatabase } from '#db';
import type { Logger } from '#log';
import { QueueBus } from '#queues';
import { whenServersAnswer } from './when-servers-answer.ts';

/** What every role stands on. */
export interface RoleModules extends AsyncDisposable {
  readonly environment: Environment;
  readonly db: Database;
  readonly bus: QueueBus;
  /** Tells the other processes of a changed setting. */
  readonly wake: SettingsWake;
  readonly settings: Settings;
  /** The coordinators' announcement of the operator's word. */
  readonly stamp?: OperatorStamp;
  /** The nodes of `chain.nodes`, as the setting says at each call. */
  readonly chain: ConfiguredChain;
  readonly log: Logger;
}

/** How many connections a role keeps open. */
export interface ConnectionPlan {
  readonly mysql?: Pick<DatabaseOptions, 'poolSize' | 'steadySize'>;
  /** False: a changed setting is seen at the next look (1.5 s), without a connection that waits for the word of it. */
  readonly isWoken?: boolean;
}

/** A fleet has thousands of workers: each keeps two connections to Redis and one to MySQL. */
export const WORKER_CONNECTIONS = {
  mysql: { poolSize: 4, steadySize: 1 },
  isWoken: false,
} as const satisfies ConnectionPlan;

/**
 * Opens the servers that the environment names and brings the database to this version, waiting for servers that are
 * away until `signal` aborts. Closed in the reverse order.
 * @throws BeeproError `ENVIRONMENT_INVALID`, `DB_…`, `REDIS_…`
 */
export function openRoleModules(
  role: string,
  log: Logger,
  options: ConnectionPlan & { readonly signal?: AbortSignal | undefined } = {},
): Promise<RoleModules> {
  return whenServersAnswer(() => open(role, log, options), { log, signal: options.signal });
}

async function open(role: string, log: Logger, connections: ConnectionPlan): Promise<RoleModules> {
  const environment = readEnvironment();
  const mysql = needMysql(environment);
  const applied = await migrateDatabase(mysql, ({ number, name, steps }, step) => {
    log.info({ event: 'db.migrating', migration: `${number}-${name}`, step, of: steps.length }, 'migrating');
  });
  if (applied.length > 0) log.info({ event: 'db.migrated', migrations: applied.length }, 'database migrated');

  await using resources = new AsyncDisposableStack();
  const db = resources.adopt(openDatabase({ ...mysql, ...connections.mysql }), (opened) => opened.close());
  const trouble = (event: string) => (error: unknown) =>
    log.warn({ event, err: error }, (error as Error).message);
  const opened = await QueueBus.open({
    url: needRedis(environment).url,
    name: role,
    onError: trouble('redis.trouble'),
  });
  const bus = resources.adopt(opened, (queueBus) => queueBus.close());
  const wake = redisWake({ redis: bus.client, onError: trouble('settings.wake-failed') });
  const stamp =
    connections.isWoken === false ? resources.use(new StampReader({ redis: bus.client })) : undefined;
  const settings = resources.use(
    await openSettings({
      database: db,
      ...(stamp ? { stamp } : { wake }),
      onError: trouble('settings.look-failed'),
      onInvalid: ({ name, scope, error }) =>
        log.warn(
          { event: 'settings.invalid', name, scope, code: error?.code },
          error?.message ?? 'no effect',
        ),
    }),
  );
  const chain = resources.adopt(
    createConfiguredChain(settings, { record: databaseRecord(db), log }),
    (client) => client.close(),
  );
  const kept = resources.move();
  return {
    environment,
    db,
    bus,
    wake,
    settings,
    ...(stamp ? { stamp } : {}),
    chain,
    log,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

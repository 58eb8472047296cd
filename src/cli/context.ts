import type { ConfiguredChain } from '#chain';
import type { Environment, Settings, SettingsWake } from '#config';
import type { Database } from '#db';
import type { QueueBus } from '#queues';
import type { SectorModules } from '#sector';

/** What a command works with. Everything is opened when it is first asked for, and closed when the command ends. */
export interface CliContext {
  readonly environment: Environment;
  readonly database: Database;
  /** @throws BeeproError `ENVIRONMENT_INVALID`, `REDIS_URL_MALFORMED`, `REDIS_UNREACHABLE` */
  bus(): Promise<QueueBus>;
  settings(): Promise<Settings>;
  /** Makes a changed setting known at once; undefined when Redis cannot be reached, and the polls do it. */
  wake(): Promise<SettingsWake | undefined>;
  /** The nodes of the setting `chain.nodes`; calls throw `CHAIN_NODES_MISSING` where there are none. */
  chain(): Promise<ConfiguredChain>;
  sectorModules(): Promise<SectorModules>;
}

export interface ContextOptions {
  /**
   * `migrated` (default): the command stops with a clear error unless the database has this version's tables.
   * `as it is`: nothing is looked at, and nothing connected, before the command does.
   */
  readonly database?: 'migrated' | 'as it is';
}

/** How long a command waits for Redis, in ms: somebody sits before it. */
const BUS_TIMEOUT_MS = 5_000;
/** Redis is a convenience to a command that only wants to announce something, in ms. */
const WAKE_TIMEOUT_MS = 2_000;

/** Runs a command's work with its context, and closes whatever was opened, also after an error. */
export async function withContext<T>(
  work: (context: CliContext) => Promise<T>,
  options: ContextOptions = {},
): Promise<T> {
  const { needMysql, needRedis, openSettings, readEnvironment, redisWake } = await import('#config');
  const { openDatabase, requireMigrated } = await import('#db');
  const environment = readEnvironment();
  await using resources = new AsyncDisposableStack();

  const database = once(() =>
    resources.adopt(openDatabase(needMysql(environment)), (opened) => opened.close()),
  );
  const openBus = async (timeoutMs: number): Promise<QueueBus> => {
    const { QueueBus } = await import('#queues');
    const bus = await QueueBus.open({ url: needRedis(environment).url, name: 'cli' }, timeoutMs);
    return resources.adopt(bus, (opened) => opened.close());
  };
  const bus = once(() => openBus(BUS_TIMEOUT_MS));
  const settings = once(async () => resources.use(await openSettings({ database: database() })));
  const context: CliContext = {
    environment,
    get database() {
      return database();
    },
    bus,
    settings,
    wake: async () => {
      try {
        return redisWake({ redis: (await openBus(WAKE_TIMEOUT_MS)).client });
      } catch {
        return undefined; // every process finds the change by its own poll within 2 s
      }
    },
    chain: once(async () => {
      const { createConfiguredChain, databaseRecord } = await import('#chain');
      const record = databaseRecord(database());
      return resources.adopt(createConfiguredChain(await settings(), { record }), (chain) => chain.close());
    }),
    sectorModules: async () => ({ db: database(), bus: await bus(), settings: await settings() }),
  };
  if (options.database !== 'as it is') await requireMigrated(context.database.kysely);
  return await work(context);
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

import { type ChainApi, createLotusClient } from '#chain';
import {
  type Environment,
  needMysql,
  needRedis,
  openSettings,
  readEnvironment,
  type Settings,
} from '#config';
import { readSecret } from '#core';
import { type Database, openDatabase } from '#db';
import { QueueBus } from '#queues';

/** What the functions behind the commands need, opened on an installation from outside of its roles. */
export interface LocalModules extends AsyncDisposable {
  readonly db: Database;
  readonly bus: QueueBus;
  readonly settings: Settings;
  readonly chain: ChainApi;
}

export interface ChainAddress {
  readonly url: string;
  readonly tokenFile: string;
}

export async function openLocalModules(
  env: NodeJS.ProcessEnv,
  chainAddress: ChainAddress,
): Promise<LocalModules> {
  const environment = readEnvironment(env);
  await using resources = new AsyncDisposableStack();
  const db = resources.adopt(openDatabase(needMysql(environment)), (opened) => opened.close());
  const opened = await QueueBus.open({ url: addressWithPassword(needRedis(environment)), name: 'local' });
  const bus = resources.adopt(opened, (queueBus) => queueBus.close());
  const settings = resources.use(await openSettings({ database: db }));
  const chain = resources.adopt(
    createLotusClient({ url: chainAddress.url, token: () => readSecret(`file:${chainAddress.tokenFile}`) }),
    (client) => client.close(),
  );
  const kept = resources.move();
  return { db, bus, settings, chain, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** The password file of `env` counts, not the one in this process's own environment. */
function addressWithPassword({ url, passwordFile }: NonNullable<Environment['redis']>): string {
  if (passwordFile === undefined) return url;
  return `${url}${url.includes('?') ? '&' : '?'}password_file=${encodeURIComponent(passwordFile)}`;
}

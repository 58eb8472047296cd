import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openSettings, StampReader } from '#config';
import { openDatabase } from '#db';
import { createLogger } from '#log';
import { QueueBus } from '#queues';
import { InProcessSealers, type Profile } from '#replay';
import { agentSettings, WORKER_CONNECTIONS } from '#roles';
import { HostAgent } from '#workers';
import { StillChain } from './still-chain.ts';

export interface HostOptions {
  readonly name: string;
  /** Below it each host has its journal and its workspace. */
  readonly dir: string;
  readonly mysql: { readonly url: string; readonly passwordFile: string | undefined };
  readonly redisUrl: string;
  readonly redisPrefix: string;
  readonly profile: Profile;
}

/** One host of the benchmark: the production agent with connections, settings, journal and workspace of its own. */
export interface HostObject {
  close(): Promise<void>;
}

const log = createLogger({ role: 'bench', level: process.env.BEEPRO_LOG_LEVEL ?? 'error', pretty: false });

/** Everything but the sealer processes is what a worker's process has: those are played within this one. */
export async function startHost(options: HostOptions): Promise<HostObject> {
  const { name, dir, mysql, redisUrl, redisPrefix, profile } = options;
  await using resources = new AsyncDisposableStack();
  const database = resources.adopt(openDatabase({ ...mysql, ...WORKER_CONNECTIONS.mysql }), (db) =>
    db.close(),
  );
  const bus = resources.adopt(await QueueBus.open({ url: redisUrl, prefix: redisPrefix, name }), (opened) =>
    opened.close(),
  );
  const stamp = resources.use(new StampReader({ redis: bus.client, prefix: redisPrefix }));
  const settings = resources.use(await openSettings({ database, stamp }));
  const workspaceDir = join(dir, name, 'work');
  await mkdir(workspaceDir, { recursive: true });
  const agent = await HostAgent.start(
    { name, stateDir: join(dir, name, 'state'), workspaceDir, version: 'bench' },
    {
      database,
      bus,
      stamp,
      chain: new StillChain(),
      settings: agentSettings(settings, name),
      log,
      sealers: { program: { bin: '' } },
      openSealers: async () => new InProcessSealers({ profile, speed: 1, seed: name, files: false }),
      onFatal: (error) => log.error({ err: error, name }, 'fatal'),
    },
  );
  resources.adopt(agent, (running) => running.stop());
  const kept = resources.move();
  return { close: () => kept.disposeAsync() };
}

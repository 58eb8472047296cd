import { once } from 'node:events';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { endProcess } from '../../scripts/setup/end-process.mjs';
import { liveness } from '../../scripts/setup/process-identity.mjs';
import { listProcesses } from '../../scripts/setup/process-registry.mjs';
import { registryDir } from '../../scripts/setup/run-folder.mjs';
import { startServer } from '../../scripts/setup/server-process.mjs';
import type { Program } from '../../scripts/setup/server-programs.mjs';
import { waitFor } from './wait-for.ts';

interface Run {
  readonly id: string;
  readonly dir: string;
  readonly socketDir: string;
}

/**
 * Redis' asynchronous failover with real servers: a replica joins, follows, and is promoted; what the old master
 * acknowledges from then on, during `between`, is lost when the replica takes its place at the same address.
 */
export async function failOver(
  program: Program,
  run: Run,
  password: string,
  between: () => Promise<void>,
): Promise<void> {
  const master = listProcesses(registryDir()).find(
    (record) => record.run === run.id && record.what === 'redis' && liveness(record) === 'alive',
  );
  if (!master) throw new Error('there is no Redis to fail over');
  const socket = join(run.socketDir, 'redis.sock');
  const port = await freePort();
  await withClient(socket, password, (client) =>
    client.config('SET', 'port', String(port), 'repl-diskless-sync-delay', '0'),
  );

  const dir = join(run.dir, 'redis-replica');
  const replicaSocket = join(run.socketDir, 'replica.sock');
  const config = join(run.dir, 'secrets/redis-replica.conf');
  const log = join(run.dir, 'logs/redis-replica.log');
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lines = [
    ...['port 0', `unixsocket "${replicaSocket}"`, 'unixsocketperm 600', `requirepass ${password}`],
    ...[`masterauth ${password}`, `replicaof 127.0.0.1 ${port}`, `dir "${dir}"`, `logfile "${log}"`],
    ...['daemonize no', 'appendonly yes', 'appendfsync everysec', 'save ""'],
    'maxmemory-policy noeviction',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
  const isReady = () =>
    withClient(replicaSocket, password, async (client) => (await client.ping()) === 'PONG').catch(
      () => false,
    );
  await startServer({
    what: 'redis',
    run,
    program: program.path,
    args: [config],
    env: program.env,
    log,
    isReady,
  });
  await withClient(replicaSocket, password, async (client) => {
    await waitFor(async () => (await client.info('replication')).includes('master_link_status:up'), {
      deadlineMs: 30_000,
      what: 'the replica to follow',
    });
    await client.call('REPLICAOF', 'NO', 'ONE');
  });
  await between();
  await endProcess(master, { signal: 'SIGKILL' });
  // The master's place: its address, and its data for a start after this.
  renameSync(join(run.dir, 'redis'), join(run.dir, `redis-lost-${master.pid}`));
  renameSync(dir, join(run.dir, 'redis'));
  renameSync(replicaSocket, socket);
}

async function withClient<T>(
  path: string,
  password: string,
  work: (client: Redis) => Promise<T>,
): Promise<T> {
  const client = new Redis({ path, password, maxRetriesPerRequest: 1, retryStrategy: () => null });
  client.on('error', () => undefined); // the command's own failure tells
  try {
    return await work(client);
  } finally {
    client.disconnect();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port is free');
  return address.port;
}

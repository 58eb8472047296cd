import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { needMysql, readEnvironment, setSetting } from '#config';
import { BeeproError, PHASE_NAMES, type SectorSizeName } from '#core';
import { insertStoragePath, migrate, openDatabase } from '#db';
import { addMiner } from '#sector';
import { ChainControl } from './chain-control.ts';
import { type ChainAddress, type LocalModules, openLocalModules } from './modules.ts';
import { RoleProcess } from './role-process.ts';
import { sealersBelow } from './sealers-below.ts';

export interface InstallationOptions {
  /** Servers, sealer and parameters: `BEEPRO_MYSQL_URL`, `BEEPRO_REDIS_URL`, `BEEPRO_SEALER_BIN` … */
  readonly env: NodeJS.ProcessEnv;
  /** Everything it writes lies below: chain, workspaces, storage, logs. */
  readonly dir: string;
  readonly sectorSize: SectorSizeName;
  readonly blockTimeMs: number;
  /** Endpoints of the chain, each a node of its own, all in `chain.nodes`. Default 1. */
  readonly nodes?: number;
  /** From a push to one node until the others have the message, in ms. Default 0. */
  readonly gossipDelayMs?: number;
  /** Settings beyond what one small machine needs, as an operator would type them: name, scope, value. */
  readonly settings?: readonly (readonly [string, string, string])[];
  /**
   * A chain whose tickets and seeds depend on its seed alone, so that the same sector always needs the same
   * proof; proofs are then remembered in this folder. For tests.
   */
  readonly proofMemo?: string;
  /** Added to the environment of one role at each of its starts, by its name: `sealing`, `worker host-a`, `chain`. */
  readonly roleEnv?: Readonly<Record<string, NodeJS.ProcessEnv>>;
  /** Play a machine's profile instead of sealing, on a chain that says so; see `docs/replay.md`. */
  readonly replay?: { readonly profile: string; readonly speed: number; readonly seed: string };
  /** Run the production build's roles. */
  readonly production?: boolean;
}

const MINER = 1000;

/**
 * A whole installation on this machine: an embedded chain, roles as processes, one storage path. What the demo, the
 * chaos runs and the benchmarks run on; the servers are given.
 */
export class LocalInstallation {
  readonly miner = MINER;
  readonly env: NodeJS.ProcessEnv;
  readonly dir: string;
  readonly #options: InstallationOptions;
  /** Makes things wrong with the chain and its nodes. */
  readonly chainControl = new ChainControl(() => this.chainApis);
  readonly #roles = new Map<string, RoleProcess>();

  constructor(options: InstallationOptions) {
    this.#options = options;
    this.dir = options.dir;
    this.env = {
      ...options.env,
      BEEPRO_STATE_DIR: join(options.dir, 'state'),
      ...(options.proofMemo ? { BEEPRO_C2_MEMO_DIR: options.proofMemo } : {}),
      ...(options.replay ? replayEnv(options.replay) : {}),
    };
    for (const name of ['state', 'logs', 'storage', 'workspace'])
      mkdirSync(join(options.dir, name), { recursive: true });
  }

  get storageDir(): string {
    return join(this.dir, 'storage');
  }

  get logsDir(): string {
    return join(this.dir, 'logs');
  }

  /** Starts the chain and waits for its API. */
  async startChain(): Promise<void> {
    const { blockTimeMs, sectorSize, proofMemo, gossipDelayMs } = this.#options;
    const state = join(this.dir, 'chain');
    // Ports of their own, kept over restarts, since the nodes' addresses are settings.
    const ports = await freePorts(this.#nodeCount);
    const listen = ports.map((port) => `127.0.0.1:${port}`).join(',');
    const args = ['devnet', '--state', state, '--listen', listen, '--sector-size', sectorSize];
    if (ports.length > 1) args.push('--nodes', String(ports.length));
    if (gossipDelayMs !== undefined) args.push('--gossip-delay', `${gossipDelayMs}ms`);
    args.push('--block-time', `${blockTimeMs}ms`);
    if (proofMemo !== undefined) args.push('--test-network');
    if (this.#options.replay) args.push('--accept-replay-proofs');
    await this.#start('chain', args).ready();
    const files = this.#endpointFiles.flatMap(({ api, token }) => [api, token]);
    await until(() => files.every((file) => existsSync(file)), 10_000, 'the chain’s API');
  }

  get #nodeCount(): number {
    return this.#options.nodes ?? 1;
  }

  get #endpointFiles(): readonly { readonly api: string; readonly token: string }[] {
    const state = join(this.dir, 'chain');
    return Array.from({ length: this.#nodeCount }, (_, node) => {
      const end = node === 0 ? '' : `-${node}`;
      return { api: join(state, `api${end}`), token: join(state, `token${end}`) };
    });
  }

  /** Every endpoint of the chain. */
  get chainApis(): readonly ChainAddress[] {
    return this.#endpointFiles.map(({ api, token }) => ({
      url: readFileSync(api, 'utf8').trim(),
      tokenFile: token,
    }));
  }

  /** Schema, miner, storage path and settings, by the same functions that the commands call. */
  async configure(): Promise<void> {
    const database = openDatabase(needMysql(readEnvironment(this.env)));
    try {
      await migrate(database);
      const set = (name: string, scope: string, value: string): Promise<unknown> =>
        setSetting(database, { name, scope, value, who: 'local' });
      const nodes = this.chainApis.map(({ url, tokenFile }) => `${url} token=file:${tokenFile}`);
      await set('chain.nodes', '*', nodes.join(', '));
      for (const phase of PHASE_NAMES)
        await set(`worker.limit.${phase}`, '*', phase === 'commit2' ? '1' : '2');
      await set('worker.max_sectors', '*', '100');
      await set('worker.heartbeat_interval', '*', '1s');
      await set('worker.heartbeat_expiry', '*', '8s');
      await set('worker.lease_ttl', '*', '5s');
      await set('coordinator.lease_ttl', '*', '3s');
      await set('coordinator.sweep_interval', '*', '1s');
      await set('batch.precommit.wait', '*', '0s');
      await set('batch.commit.wait', '*', '0s');
      await set('piece.wait', '*', '0s');
      await set('storage.min_free', '*', '64MiB');
      for (const [name, scope, value] of this.#options.settings ?? []) await set(name, scope, value);
      await insertStoragePath(database.kysely, {
        name: 'store',
        path: this.storageDir,
        miner: null,
        can_seal: false,
        can_store: true,
        weight: 1,
      });
    } finally {
      await database.close();
    }
    await using modules = await this.open();
    await addMiner({ db: modules.db.kysely, chain: modules.chain }, { miner: `t0${MINER}` });
  }

  /** The database, queues, settings and chain of this installation, for whoever drives it: the last of its nodes. */
  open(): Promise<LocalModules> {
    const address = this.chainApis.at(-1);
    if (!address) throw new BeeproError('CHAIN_NODES_MISSING');
    return openLocalModules(this.env, address);
  }

  startSealing(onceEnv: NodeJS.ProcessEnv = {}): RoleProcess {
    return this.#start('sealing', ['run', 'sealing'], onceEnv);
  }

  startWorker(name: string, onceEnv: NodeJS.ProcessEnv = {}): RoleProcess {
    const workspace = join(this.dir, 'workspace', name);
    mkdirSync(workspace, { recursive: true });
    return this.#start(
      `worker ${name}`,
      ['run', 'worker', '--name', name, '--workspace', workspace],
      onceEnv,
    );
  }

  /** The page; resolves with its address and the file of its password. */
  async startUi(): Promise<{ url: string; passwordFile: string }> {
    const passwordFile = join(this.dir, 'state', 'web-password');
    writeFileSync(passwordFile, `${randomBytes(12).toString('base64url')}\n`, { mode: 0o600 });
    const addressFile = join(this.dir, 'state', 'web-address');
    await this.#start('ui', ['run', 'ui', '--listen', '127.0.0.1:0', '--address-file', addressFile]).ready();
    return { url: readFileSync(addressFile, 'utf8').trim(), passwordFile };
  }

  role(name: string): RoleProcess {
    const role = this.#roles.get(name);
    if (!role) throw new BeeproError('NOT_FOUND', { what: 'role', name });
    return role;
  }

  get roles(): readonly RoleProcess[] {
    return [...this.#roles.values()];
  }

  /** SIGKILL for every sealer that belongs to this installation, the chain's verifier included. */
  killSealers(): void {
    this.signalSealers('SIGKILL');
  }

  signalSealers(signal: NodeJS.Signals): void {
    for (const pid of sealersBelow(this.dir)) send(pid, signal);
  }

  /** SIGKILL for one of them. @param draw in [0, 1), which one */
  killSealer(draw: number): void {
    const pids = sealersBelow(this.dir);
    const pid = pids[Math.floor(draw * pids.length)];
    if (pid !== undefined) send(pid, 'SIGKILL');
  }

  /** Stops every role, the chain last, and then the sealers, which outlive their agents by design. */
  async stop(): Promise<void> {
    const chain = this.#roles.get('chain');
    await Promise.all(this.roles.filter((role) => role !== chain).map((role) => role.stop()));
    await chain?.stop();
    this.killSealers();
    this.#roles.clear();
  }

  #start(name: string, args: readonly string[], onceEnv: NodeJS.ProcessEnv = {}): RoleProcess {
    const logFile = join(this.logsDir, `${name.replaceAll(' ', '-')}.log`);
    const { production = false, roleEnv = {} } = this.#options;
    const env = { ...this.env, ...roleEnv[name] };
    const role = new RoleProcess({ name, args, env, logFile, restart: true, production }, onceEnv);
    this.#roles.set(name, role);
    return role;
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function replayEnv(replay: NonNullable<InstallationOptions['replay']>): NodeJS.ProcessEnv {
  return {
    BEEPRO_SEALER_BIN: join(process.cwd(), 'scripts/replay-sealer.mjs'),
    BEEPRO_REPLAY_PROFILE: replay.profile,
    BEEPRO_REPLAY_SPEED: String(replay.speed),
    BEEPRO_REPLAY_SEED: replay.seed,
  };
}

/** Ports that are free and differ: each is held until all are known. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const addresses = servers.map((server) => server.address());
  await Promise.all(
    servers.map(async (server) => {
      server.close();
      await once(server, 'close');
    }),
  );
  return addresses.map((address) => {
    if (address === null || typeof address === 'string')
      throw new BeeproError('INTERNAL', { detail: 'no port is free' });
    return address.port;
  });
}

async function until(isTrue: () => boolean, deadlineMs: number, what: string): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new BeeproError('TIMED_OUT', { what, ms: deadlineMs });
    await sleep(20);
  }
}

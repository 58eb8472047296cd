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
import { type LocalModules, openLocalModules } from './modules.ts';
import { RoleProcess } from './role-process.ts';
import { sealersBelow } from './sealers-below.ts';

export interface InstallationOptions {
  /** Servers, sealer and parameters: `BEEPRO_MYSQL_URL`, `BEEPRO_REDIS_URL`, `BEEPRO_SEALER_BIN` … */
  readonly env: NodeJS.ProcessEnv;
  /** Everything it writes lies below: chain, workspaces, storage, logs. */
  readonly dir: string;
  readonly sectorSize: SectorSizeName;
  readonly blockTimeMs: number;
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
    const { blockTimeMs, sectorSize, proofMemo } = this.#options;
    const state = join(this.dir, 'chain');
    // A port of its own, kept over restarts, since the nodes' addresses are settings.
    const listen = `127.0.0.1:${await freePort()}`;
    const args = ['devnet', '--state', state, '--listen', listen, '--sector-size', sectorSize];
    args.push('--block-time', `${blockTimeMs}ms`);
    if (proofMemo !== undefined) args.push('--test-network');
    if (this.#options.replay) args.push('--accept-replay-proofs');
    await this.#start('chain', args).ready();
    await until(
      () => existsSync(join(state, 'api')) && existsSync(join(state, 'token')),
      10_000,
      'the chain’s API',
    );
  }

  get chainApi(): { url: string; tokenFile: string } {
    const state = join(this.dir, 'chain');
    return { url: readFileSync(join(state, 'api'), 'utf8').trim(), tokenFile: join(state, 'token') };
  }

  /** Schema, miner, storage path and settings, by the same functions that the commands call. */
  async configure(): Promise<void> {
    const database = openDatabase(needMysql(readEnvironment(this.env)));
    try {
      await migrate(database);
      const { url, tokenFile } = this.chainApi;
      const set = (name: string, scope: string, value: string): Promise<unknown> =>
        setSetting(database, { name, scope, value, who: 'local' });
      await set('chain.nodes', '*', `${url} token=file:${tokenFile}`);
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

  /** The database, queues, settings and chain of this installation, for whoever drives it. */
  open(): Promise<LocalModules> {
    return openLocalModules(this.env, this.chainApi);
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string')
    throw new BeeproError('INTERNAL', { detail: 'no port is free' });
  return address.port;
}

async function until(isTrue: () => boolean, deadlineMs: number, what: string): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new BeeproError('TIMED_OUT', { what, ms: deadlineMs });
    await sleep(20);
  }
}

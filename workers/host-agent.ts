import { join } from 'node:path';
import type { OperatorStamp } from '#config';
import { BeeproError, isBeeproError, PHASE_NAMES, type Phase } from '#core';
import { countSectorsOfWorker, type Database, type PhaseRunRow, registerWorker } from '#db';
import type { Logger } from '#log';
import { type FetchedJob, isWorkerName, JobFetcher, type QueueBus, queueName } from '#queues';
import { type Choice, type HostReport, type HostView, hostReport } from '#sched';
import {
  RunJournal,
  readBootId,
  SealerPool,
  type SealerPoolOptions,
  type Sealers,
  type StandIn,
} from '#sealer';
import { Workspace } from '#storage';
import { ActiveRun } from './active-run.ts';
import { type AdoptedRun, adoptRuns, neededSealers } from './adoption.ts';
import type { AgentSettings } from './agent-settings.ts';
import type { ChainFacts } from './chain-facts.ts';
import { ClaimLoop } from './claim-loop.ts';
import { claim } from './claiming.ts';
import { Heartbeat } from './heartbeat.ts';
import { HostLease } from './host-lease.ts';
import { RunExecutor } from './run-executor.ts';
import { StandInGuard } from './stand-in-guard.ts';
import { StateFolder } from './state-folder.ts';
import { sweepWorkspace } from './workspace-sweep.ts';

export interface HostAgentOptions {
  /** The worker's name, unique in the fleet. */
  readonly name: string;
  /** Settings for `class:NAME` count for all workers of the class; asked again when settings change. */
  readonly class?: () => string | undefined;
  /** Journals, sockets and logs of sealers; survives restarts and reboots, on a local disk. */
  readonly stateDir: string;
  /** The fast disk that sectors are sealed on. */
  readonly workspaceDir: string;
  readonly version: string;
}

export interface HostAgentModules {
  readonly database: Database;
  readonly bus: QueueBus;
  readonly chain: ChainFacts;
  readonly settings: AgentSettings;
  readonly log: Logger;
  readonly sealers: Pick<SealerPoolOptions, 'program' | 'idleExitS' | 'spares'>;
  /** The coordinators' announcement of the operator's word; without it the agent asks MySQL for it every second. */
  readonly stamp?: OperatorStamp;
  /** Who keeps the sealers; default: processes of this machine. */
  readonly openSealers?: (options: SealerPoolOptions, needed: ReadonlySet<string>) => Promise<Sealers>;
  /** The agent cannot go on: the role ends, and its supervisor starts another. */
  readonly onFatal: (error: BeeproError) => void;
}

/** What changes how many sectors have files here. */
const MOVES_FILES: ReadonlySet<Phase> = new Set(['add-piece', 'clear-cache', 'remove-files']);

/** How often running phases are held against their time limits, in ms. */
const TIME_LIMIT_LOOK_MS = 500;

/**
 * The agent of one host: holds the host's lease, takes over what an earlier agent left, and then takes jobs that
 * the host can start at once. The sealers are nobody's children: however this process ends, they go on.
 */
export class HostAgent {
  readonly #options: HostAgentOptions;
  readonly #modules: HostAgentModules;
  readonly #log: Logger;
  readonly #runs = new Map<number, ActiveRun>();
  readonly #executions = new Set<Promise<void>>();
  readonly #closers: (() => void)[] = [];
  readonly #state: StateFolder;
  readonly #lease: HostLease;
  readonly #pool: Sealers;
  readonly #fetcher: JobFetcher;
  readonly #executor: RunExecutor;
  readonly #heartbeat: Heartbeat;
  readonly #loop: ClaimLoop;
  readonly #guard: StandInGuard;
  #choice: Choice | undefined;
  /** How many sectors have files here, as MySQL last said; undefined: it may be another number by now. */
  #sectors: Promise<number> | undefined;
  #class: string | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(
    options: HostAgentOptions,
    modules: HostAgentModules,
    parts: {
      state: StateFolder;
      lease: HostLease;
      journal: RunJournal;
      pool: Sealers;
      fetcher: JobFetcher;
    },
  ) {
    this.#options = options;
    this.#modules = modules;
    this.#log = modules.log.child({ worker: options.name });
    this.#state = parts.state;
    this.#lease = parts.lease;
    this.#pool = parts.pool;
    this.#fetcher = parts.fetcher;
    this.#guard = new StandInGuard(modules.database);
    const hostEpoch = () => this.#lease.hostEpoch;
    this.#executor = new RunExecutor({
      ...modules,
      log: this.#log,
      worker: options.name,
      workspace: new Workspace(options.workspaceDir),
      journal: parts.journal,
      pool: parts.pool,
      hostEpoch,
    });
    this.#heartbeat = new Heartbeat({
      worker: options.name,
      database: modules.database,
      log: this.#log,
      hostEpoch,
      intervalMs: () => modules.settings.heartbeatMs(),
      runs: () => [...this.#runs.values()],
      report: (isDue) => {
        if (isDue) this.#sectors = undefined;
        return this.report();
      },
      stamp: modules.stamp,
      onReplaced: () => this.#fatal(new BeeproError('WORKER_LEASE_LOST', { name: options.name })),
      onChange: () => this.#loop.wake(),
    });
    this.#loop = new ClaimLoop({
      worker: options.name,
      fetcher: parts.fetcher,
      log: this.#log,
      view: () => this.view(),
      mayClaim: () => this.#lease.holds,
      pollMs: () => modules.settings.pollMs(),
      claim: (runId) => this.#claim(runId),
      start: (row, job) => this.#start(row, job),
      onChoice: (choice) => {
        this.#choice = choice;
      },
    });
  }

  /**
   * @throws BeeproError `WORKER_NAME_INVALID`, `WORKER_NAME_TAKEN`, `WORKER_STATE_IN_USE`, `SEALER_NOT_INSTALLED`,
   * `SEALER_START_FAILED`, and what MySQL or Redis say
   */
  static async start(options: HostAgentOptions, modules: HostAgentModules): Promise<HostAgent> {
    if (!isWorkerName(options.name)) throw new BeeproError('WORKER_NAME_INVALID', { name: options.name });
    const state = await StateFolder.open(options.stateDir);
    let agent: HostAgent | undefined;
    const lease = await HostLease.acquire({
      database: modules.database,
      worker: options.name,
      ttlMs: () => modules.settings.leaseTtlMs(),
      onLapse: () => modules.log.warn('the host’s lease is not renewed: no new work until it is'),
      onRegained: async () => agent?.register(),
      onLost: modules.onFatal,
      onError: (error) => modules.log.warn({ err: error }, 'the host’s lease could not be renewed'),
    });
    try {
      const journal = await RunJournal.open(join(options.stateDir, 'runs'));
      const openSealers = modules.openSealers ?? ((...given) => SealerPool.open(...given));
      const pool = await openSealers(
        {
          ...modules.sealers,
          dir: join(options.stateDir, 'sealers'),
          onError: (error) => modules.log.warn({ err: error }, 'sealer'),
        },
        neededSealers(await journal.list()),
      );
      const fetcher = new JobFetcher(modules.bus, {
        token: options.name,
        onError: (error) => modules.log.warn({ err: error }, 'Redis'),
      });
      agent = new HostAgent(options, modules, { state, lease, journal, pool, fetcher });
      await agent.#begin(journal);
      return agent;
    } catch (error) {
      await lease.release();
      await state.release();
      throw error;
    }
  }

  get name(): string {
    return this.#options.name;
  }

  get hostEpoch(): number {
    return this.#lease.hostEpoch;
  }

  get runs(): readonly ActiveRun[] {
    return [...this.#runs.values()];
  }

  /** What the last look at the queues decided, with the reason for every phase that was not taken. */
  get choice(): Choice | undefined {
    return this.#choice;
  }

  /** The host as the scheduler sees it now. */
  async view(): Promise<HostView> {
    const { settings } = this.#modules;
    const running: Partial<Record<Phase, number>> = {};
    for (const run of this.#runs.values()) running[run.phase] = (running[run.phase] ?? 0) + 1;
    const maxSectors = settings.maxSectors();
    return {
      worker: this.#options.name,
      state: this.#heartbeat.state,
      limits: limitsOf(settings),
      running,
      maxSectors,
      sectors: maxSectors === 0 ? 0 : (await this.#countSectors()) + (running['add-piece'] ?? 0),
      paused: this.#heartbeat.paused,
      acceptsOutsideC2: false,
      devices: [],
    };
  }

  /** Asked anew when a run that brings or takes files has ended, and with each heartbeat for what others have done. */
  #countSectors(): Promise<number> {
    if (this.#sectors) return this.#sectors;
    const counting = countSectorsOfWorker(this.#modules.database.kysely, this.#options.name);
    this.#sectors = counting;
    counting.catch(() => {
      if (this.#sectors === counting) this.#sectors = undefined;
    });
    return counting;
  }

  /** What it runs, holds, would still take, and why not more. */
  async report(): Promise<HostReport> {
    return hostReport(await this.view());
  }

  /** Registers this agent as what the worker is now. */
  async register(): Promise<void> {
    const { name, version } = this.#options;
    const workerClass = this.#options.class?.();
    const { standIn, capabilities } = await this.#capabilities();
    await this.#guard.admit(standIn);
    const registered = await registerWorker(this.#modules.database.kysely, {
      name,
      class: workerClass ?? '',
      bootId: readBootId(),
      hostEpoch: this.#lease.hostEpoch,
      pid: process.pid,
      version,
      capabilities,
    });
    if (registered) this.#class = workerClass;
    else this.#fatal(new BeeproError('WORKER_LEASE_LOST', { name }));
  }

  /**
   * Stops taking jobs and lets go of the lease. Sealers go on for the next agent; outcomes that are on their way
   * to MySQL get a few seconds.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #begin(journal: RunJournal): Promise<void> {
    await this.register();
    const adopted = await adoptRuns({
      worker: this.#options.name,
      lease: this.#lease.lease,
      database: this.#modules.database,
      journal,
      pool: this.#pool,
      fetcher: this.#fetcher,
      log: this.#log,
    });
    for (const one of adopted) this.#execute(one);
    await this.#fetcher.giveBackForgotten(
      PHASE_NAMES.flatMap((phase) => [queueName(phase), queueName(phase, this.#options.name)]),
    );
    await this.#heartbeat.start();
    await sweepWorkspace({
      worker: this.#options.name,
      database: this.#modules.database,
      workspace: new Workspace(this.#options.workspaceDir),
      log: this.#log,
    });
    this.#closers.push(this.#modules.settings.onChange(() => this.#onSettings()));
    const limits = setInterval(() => this.#endOverdue(), TIME_LIMIT_LOOK_MS).unref();
    this.#closers.push(() => clearInterval(limits));
    this.#pool.fill();
    this.#loop.start();
    this.#log.info({ hostEpoch: this.#lease.hostEpoch, adopted: adopted.length }, 'worker started');
    const { standIn } = this.#guard;
    if (standIn) this.#log.warn({ standIn }, 'its sealer is a STAND-IN: nothing that it seals is proven');
  }

  #start(row: PhaseRunRow, job: FetchedJob): void {
    this.#execute({ run: new ActiveRun(row, this.#options.name, job, new Date()), journalled: undefined });
  }

  #execute({ run, journalled }: AdoptedRun): void {
    this.#runs.set(run.row.id, run);
    this.#heartbeat.note();
    const execution = this.#executor.execute(run, journalled).finally(() => {
      this.#runs.delete(run.row.id);
      if (MOVES_FILES.has(run.phase)) this.#sectors = undefined;
      this.#heartbeat.note();
      this.#executions.delete(execution);
      this.#pool.fill();
      this.#loop.wake();
    });
    this.#executions.add(execution);
  }

  #onSettings(): void {
    this.#heartbeat.note();
    this.#loop.wake();
    this.#lease.retime();
    if (this.#options.class?.() === this.#class) return;
    this.register().catch((error: unknown) => this.#log.warn({ err: error }, 'class not registered'));
  }

  #endOverdue(): void {
    for (const run of this.#runs.values()) {
      if (!run.answered && run.elapsedMs > this.#modules.settings.timeLimitMs(run.phase))
        run.stop('time-limit');
    }
  }

  async #stop(): Promise<void> {
    for (const close of this.#closers) close();
    await this.#loop.stop();
    this.#heartbeat.close();
    for (const run of this.#runs.values()) if (!run.answered) run.stop('agent-stops');
    const patience = AbortSignal.timeout(5_000);
    const late = new Promise<void>((resolve) => patience.addEventListener('abort', () => resolve()));
    await Promise.race([Promise.allSettled(this.#executions), late]);
    for (const run of this.#runs.values()) run.stop('agent-stops');
    this.#fetcher.close();
    this.#pool.close();
    await this.#lease
      .release()
      .catch((error: unknown) => this.#log.warn({ err: error }, 'lease not released'));
    await this.#state.release();
    this.#log.info('worker stopped');
  }

  #fatal(error: BeeproError): void {
    this.#lease.abandon();
    this.#modules.onFatal(error);
  }

  async #claim(runId: number): Promise<PhaseRunRow | undefined> {
    try {
      return await claim(this.#modules.database, this.#lease.lease, {
        runId,
        worker: this.#options.name,
        admit: (run) => this.#guard.admitRun(run),
      });
    } catch (error) {
      if (isBeeproError(error, 'SEALER_STAND_IN_REFUSED')) this.#fatal(error);
      throw error;
    }
  }

  async #capabilities(): Promise<{
    readonly standIn: StandIn | undefined;
    readonly capabilities: Record<string, unknown>;
  }> {
    const reservation = this.#pool.reserve('cpu');
    const lease = await reservation.open();
    try {
      const { result } = await lease.client.request('capabilities', {});
      return { standIn: lease.client.hello.stand_in, capabilities: { ...result } };
    } finally {
      lease.release();
    }
  }
}

function limitsOf(settings: AgentSettings): HostView['limits'] {
  return Object.fromEntries(PHASE_NAMES.map((phase) => [phase, settings.limit(phase)]));
}

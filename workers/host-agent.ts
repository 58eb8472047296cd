import { join } from 'node:path';
import { BeeproError, isBeeproError, PHASE_NAMES, parseCoreSet } from '#core';
import { type PhaseRunRow, registerWorker } from '#db';
import type { Logger } from '#log';
import { type FetchedJob, isWorkerName, type JobFetcher, queueName, removeJob } from '#queues';
import { type Candidate, type Choice, type HostReport, type HostView, hostReport } from '#sched';
import { type RunJournal, readBootId, type Sealers, type StandIn } from '#sealer';
import { jobsOfRun } from '#sector';
import { Workspace } from '#storage';
import { ActiveRun } from './active-run.ts';
import { type AdoptedRun, adoptRuns } from './adoption.ts';
import type { AgentSettings } from './agent-settings.ts';
import { C1Inbox } from './c1-stream/inbox.ts';
import { servedC1 } from './c1-stream/served.ts';
import { C1Server } from './c1-stream/server.ts';
import { ClaimLoop } from './claim-loop.ts';
import { claim } from './claiming.ts';
import { DeviceKeeper, type HostDevices } from './devices/index.ts';
import { Heartbeat } from './heartbeat.ts';
import { HeldRuns } from './held-runs.ts';
import type { HostAgentModules, HostAgentOptions } from './host-agent-options.ts';
import type { HostLease } from './host-lease.ts';
import { type HostParts, openHostParts } from './host-parts.ts';
import { PaceFacts } from './pace-facts.ts';
import { HostResources, idleMemory } from './resources/index.ts';
import { RunExecutor } from './run-executor.ts';
import { startsNow } from './run-start.ts';
import { StandInGuard } from './stand-in-guard.ts';
import type { StateFolder } from './state-folder.ts';
import { sweepWorkspace } from './workspace-sweep.ts';

/** What others do to the sectors of an idle host is in its report so late at most, in ms; its claims look anew. */
const REPORT_FRESH_MS = 20_000;

/** What outcomes on their way to MySQL get when the agent stops, in ms. */
const STOP_PATIENCE_MS = 5_000;

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
  readonly #runs = new HeldRuns();
  /** Sectors that this agent has begun. */
  #begun = 0;
  readonly #closers: (() => void)[] = [];
  readonly #state: StateFolder;
  readonly #lease: HostLease;
  readonly #pool: Sealers;
  readonly #fetcher: JobFetcher;
  readonly #resources: HostResources;
  readonly #pace: PaceFacts;
  readonly #devices: HostDevices;
  readonly #deviceKeeper: DeviceKeeper;
  readonly #executor: RunExecutor;
  readonly #heartbeat: Heartbeat;
  readonly #loop: ClaimLoop;
  readonly #guard: StandInGuard;
  readonly #inbox: C1Inbox;
  #server: C1Server | undefined;
  #choice: Choice | undefined;
  #class: string | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(options: HostAgentOptions, modules: HostAgentModules, parts: HostParts) {
    this.#options = options;
    this.#modules = modules;
    this.#log = modules.log.child({ worker: options.name });
    this.#state = parts.state;
    this.#lease = parts.lease;
    this.#pool = parts.pool;
    this.#fetcher = parts.fetcher;
    this.#guard = new StandInGuard(modules.database);
    this.#devices = parts.devices;
    const hostEpoch = () => this.#lease.hostEpoch;
    this.#inbox = new C1Inbox({ dir: join(options.stateDir, 'c1'), secret: options.stream?.secret });
    this.#resources = new HostResources({
      worker: options.name,
      workspaceDir: options.workspaceDir,
      database: modules.database,
      settings: modules.settings,
      log: this.#log,
    });
    this.#pace = new PaceFacts({ worker: options.name, database: modules.database, log: this.#log });
    this.#executor = new RunExecutor({
      ...modules,
      log: this.#log,
      worker: options.name,
      workspace: new Workspace(options.workspaceDir),
      inbox: this.#inbox,
      journal: parts.journal,
      pool: parts.pool,
      hostEpoch,
      reclaim: (run) => this.#reclaim(run),
      isOurs: () => this.#state.isOurs(),
      devices: parts.devices,
    });
    this.#deviceKeeper = new DeviceKeeper({
      devices: parts.devices,
      pool: parts.pool,
      log: this.#log,
      scratch: join(options.stateDir, 'self-test'),
      hostEpoch,
      held: () => this.#runs.seats,
      onLost: (device) => this.#runs.endOnDevice(device),
      onChange: () => this.#loop.wake(),
    });
    this.#heartbeat = new Heartbeat({
      worker: options.name,
      database: modules.database,
      log: this.#log,
      hostEpoch,
      intervalMs: () => modules.settings.heartbeatMs(),
      runs: () => this.#runs.list,
      report: () => this.report(),
      begun: () => this.#begun,
      onLost: (run) => this.#onLostClaim(run),
      stamp: modules.stamp,
      onReplaced: () => this.#fatal(new BeeproError('WORKER_LEASE_LOST', { name: options.name })),
      onChange: () => this.#loop.wake(),
    });
    this.#loop = new ClaimLoop({
      worker: options.name,
      fetcher: parts.fetcher,
      log: this.#log,
      view: (fresh) => this.view(fresh ? 0 : undefined),
      mayClaim: () => this.#lease.holds,
      pollMs: () => modules.settings.pollMs(),
      claim: (runId) => this.#claim(runId),
      start: (row, job, candidate) => this.#start(row, job, candidate),
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
    let agent: HostAgent | undefined;
    const parts = await openHostParts(options, modules, {
      onRegained: async () => agent?.comeBack(),
      // What came while it was not held has woken nobody who could take it.
      onHeldAgain: () => agent?.wake(),
    });
    agent = new HostAgent(options, modules, parts);
    try {
      await agent.#begin(parts.journal);
      return agent;
    } catch (error) {
      await agent.#server?.close();
      await parts.lease.release();
      await parts.state.release();
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
    return this.#runs.list;
  }

  /** What the last look at the queues decided, with the reason for every phase that was not taken. */
  get choice(): Choice | undefined {
    return this.#choice;
  }

  /** The host as the scheduler sees it now. */
  async view(freshMs?: number): Promise<HostView> {
    const { settings } = this.#modules;
    const running = this.#runs.counts;
    const acceptsOutsideC2 = settings.acceptsOutsideC2();
    const devices = this.#devices.views(this.#runs.seats);
    const idle = idleMemory(this.#pool.idle, devices);
    const { held, ...resources } = await this.#resources.views(
      this.#runs.list,
      idle,
      acceptsOutsideC2,
      freshMs,
    );
    return {
      worker: this.#options.name,
      state: this.#heartbeat.state,
      limits: limitsOf(settings),
      running,
      maxSectors: settings.maxSectors(),
      paused: this.#heartbeat.paused,
      acceptsOutsideC2,
      devices,
      ...resources,
      ...(settings.pace() ? { pace: this.#pace.view(held, running['add-piece'] ?? 0) } : {}),
    };
  }

  /** What it runs, holds, would still take, and why not more. */
  async report(): Promise<HostReport> {
    return hostReport(await this.view(REPORT_FRESH_MS));
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

  /** Looks into the queues at once. */
  wake(): void {
    this.#loop.wake();
  }

  /** The lease is held again after an outage: the fleet may have given this worker up meanwhile. */
  async comeBack(): Promise<void> {
    await this.register();
    await this.#sweep();
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
    await this.#serveC1();
    await this.register();
    const adopted = await adoptRuns({
      worker: this.#options.name,
      lease: this.#lease.lease,
      hostEpoch: () => this.#lease.hostEpoch,
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
    await this.#inbox.sweep(this.#runs.ids);
    await this.#sweep();
    this.#closers.push(this.#modules.settings.onChange(() => this.#onSettings()));
    const endOverdue = () => this.#runs.endOverdue((phase) => this.#modules.settings.timeLimitMs(phase));
    const limits = setInterval(endOverdue, TIME_LIMIT_LOOK_MS).unref();
    this.#closers.push(() => clearInterval(limits));
    this.#pool.fill();
    this.#deviceKeeper.start();
    this.#closers.push(() => this.#deviceKeeper.close());
    this.#loop.start();
    this.#log.info({ hostEpoch: this.#lease.hostEpoch, adopted: adopted.length }, 'worker started');
    const { standIn } = this.#guard;
    if (standIn) this.#log.warn({ standIn }, 'its sealer is a STAND-IN: nothing that it seals is proven');
  }

  async #serveC1(): Promise<void> {
    const { name, workspaceDir, stream } = this.#options;
    if (!stream) return;
    const workspace = new Workspace(workspaceDir);
    this.#server = await C1Server.start({
      ...stream,
      worker: name,
      log: this.#log,
      fileOf: (asked) => servedC1(this.#modules.database.kysely, workspace, asked),
    });
  }

  #sweep(): Promise<void> {
    return sweepWorkspace({
      worker: this.#options.name,
      database: this.#modules.database,
      workspace: new Workspace(this.#options.workspaceDir),
      log: this.#log,
    });
  }

  #start(row: PhaseRunRow, job: FetchedJob, { device }: Candidate): void {
    this.#endOtherJob(row, job);
    const known = this.#runs.get(row.id);
    if (known && !known.concluded) {
      // It had been given back while this agent was not heard, and came through the queue again.
      known.claimedAgain(row, job);
      return;
    }
    const hostEpoch = () => this.#lease.hostEpoch;
    const run = new ActiveRun(row, { worker: this.#options.name, hostEpoch, job, start: startsNow() });
    if (device !== undefined) run.seat = this.#devices.seat(device, this.#runs.seats);
    const deviceCores = this.#devices.list.flatMap(({ kind, cores }) =>
      kind === 'cpu' && cores ? [parseCoreSet(cores) ?? []] : [],
    );
    run.cores = this.#resources.chooseCores(row.phase, this.#runs.list, deviceCores);
    this.#execute({ run, journalled: undefined }, known && this.#runs.executionOf(known));
  }

  /** An offered run is claimed: the job that nobody took is of no use, and may lie in a queue that nobody serves. */
  #endOtherJob(row: PhaseRunRow, job: FetchedJob): void {
    for (const other of jobsOfRun(row)) {
      if (other.jobId === job.jobId) continue;
      removeJob(this.#modules.bus, other.queue, other.jobId).catch((error: unknown) => {
        this.#log.debug({ err: error, job: other.jobId }, 'the other job of an offered run is left');
      });
    }
  }

  /** @param after what must have let go of the run's journal before */
  #execute({ run, journalled }: AdoptedRun, after?: Promise<void>): void {
    if (run.phase === 'add-piece') this.#begun += 1;
    const onEnd = () => {
      this.#resources.runEnded(run.moved);
      this.#heartbeat.note();
      this.#pace.runEnded();
      this.#pool.fill();
      this.#loop.wake();
    };
    this.#runs.hold(run, () => this.#executor.execute(run, journalled), onEnd, after);
    this.#heartbeat.note();
  }

  /** True when the run is this agent's again, under a new claim; its sealer has not noticed anything. */
  async #reclaim(run: ActiveRun): Promise<boolean> {
    const request = { runId: run.row.id, worker: this.#options.name };
    const row = await claim(this.#modules.database, this.#lease.lease, request);
    if (!row) return false;
    run.claimedAgain(row);
    this.#log.warn(
      { runId: row.id, phase: row.phase, claim: row.claim },
      'claimed again what was given back',
    );
    return true;
  }

  async #onLostClaim(run: ActiveRun): Promise<void> {
    // Without the lease nothing can be claimed, and nobody says that the run is another's.
    if (!this.#lease.holds || (await this.#reclaim(run))) return;
    run.stop('superseded');
  }

  #onSettings(): void {
    this.#resources.forget();
    this.#heartbeat.note();
    this.#loop.wake();
    this.#lease.retime();
    void this.#deviceKeeper.look();
    if (this.#options.class?.() === this.#class) return;
    this.register().catch((error: unknown) => this.#log.warn({ err: error }, 'class not registered'));
  }

  async #stop(): Promise<void> {
    for (const close of this.#closers) close();
    await this.#loop.stop();
    this.#heartbeat.close();
    await this.#runs.leave(STOP_PATIENCE_MS);
    await this.#server?.close();
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
      this.#devices.gpuBuilt = result.gpu.built;
      // A sealer without a slot sees no GPU: what the machine has is told by its own tool.
      const gpu = { ...result.gpu, devices: this.#devices.gpus };
      const listen = this.#server ? { listen: this.#server.address } : {};
      const capabilities = { ...result, gpu, hardware: await this.#resources.hardware(), ...listen };
      return { standIn: lease.client.hello.stand_in, capabilities };
    } finally {
      lease.release();
    }
  }
}

function limitsOf(settings: AgentSettings): HostView['limits'] {
  return Object.fromEntries(PHASE_NAMES.map((phase) => [phase, settings.limit(phase)]));
}

import type { Phase } from '#core';
import {
  type C2Host,
  type Candidate,
  c2Slots,
  chooseNext,
  decideOffers,
  decidePledges,
  hostReport,
  type PledgingMiner,
} from '#sched';
import { type ActiveRun, needsDevice, type Run, type SimHost } from './host.ts';
import { WorkQueue } from './work-queue.ts';
import { type Dispatcher, EXPIRY_MS, type World } from './world.ts';

/** From a job's marker to the agent's look: Redis, the view's query, the claim. */
const WAKE_MS = 5;
/** How often an agent compares its report with what the database has. */
const REPORT_MS = 1_000;
/** `pledge.interval`. */
const PLEDGE_MS = 5_000;
/** How often the sealing role looks whether C2 should be offered to other hosts. */
const OFFER_MS = 1_000;
/** How much later a foreign host starts a C2 than it claims it. */
const TRANSFER_MS = 5_000;
/** A slot that idles no longer than this beside waiting work is on its way to it. */
const ALLOWED_MS = 1_000;

/** How PC2 and C2 take turns at a device: as `chooseNext` says, or one of the rules that were measured beside it. */
export type Order = 'production' | 'pc2-first' | 'alternate';

/**
 * BeePro's own scheduling: every host decides for itself with `chooseNext` from what it sees, pledges are decided
 * from the hosts' reports.
 */
export class BeeProDispatcher implements Dispatcher {
  readonly #world: World;
  readonly #order: Order;
  readonly #fleetQueues = new Map<Phase, WorkQueue<Run>>();
  /** Hosts that wait for a job in a queue of the fleet, who waits longest first. */
  readonly #waiters = new Map<Phase, Set<SimHost>>();
  /** What hosts wanted by their last report, less what they have begun since. */
  readonly #wants: number[];
  readonly #wanting = new Set<SimHost>();
  /** C2 that wait in their hosts' queues. */
  readonly #waitingC2 = new Set<Run>();
  /** Hosts that take C2 of others. */
  readonly #helpers: readonly SimHost[];
  /** Ms that slots idled although a job that fits waited and nothing refused it. */
  unexplainedMs = 0;

  constructor(world: World, order: Order = 'production') {
    this.#world = world;
    this.#order = order;
    for (const phase of ['add-piece', 'commit2'] as const) {
      this.#fleetQueues.set(phase, new WorkQueue());
      this.#waiters.set(phase, new Set());
    }
    this.#wants = world.hosts.map(() => 0);
    this.#helpers = world.hosts.filter(({ machine }) => machine.acceptsOutsideC2);
  }

  start(): void {
    const { clock, hosts, random } = this.#world;
    for (const host of hosts) {
      clock.after(random.uniform() * REPORT_MS, () => {
        this.#wake(host);
        this.#changed(host);
      });
    }
    const every = (ms: number, act: () => void) => {
      clock.after(ms, () => {
        act();
        every(ms, act);
      });
    };
    every(PLEDGE_MS, () => this.#pledge());
    if (this.#helpers.length > 0) every(OFFER_MS, () => this.#offer());
  }

  onReady(run: Run): void {
    const { phase, queue: host } = run;
    if (!host) {
      this.#addToFleet(run);
      return;
    }
    host.queue(phase).add(run);
    if (phase === 'commit2' && host.machine.outsourceC2 !== 'off') this.#waitingC2.add(run);
    if (host.takesHost.has(phase)) this.#wake(host);
    this.#audit(host);
  }

  onEnded({ host }: ActiveRun): void {
    this.#wake(host);
    this.#changed(host);
  }

  onHostDown(host: SimHost): void {
    for (const waiters of this.#waiters.values()) waiters.delete(host);
    host.takesHost = new Set();
    host.choice = undefined;
    this.#audit(host);
    const incarnation = host.upTime.total(this.#world.clock.now);
    this.#world.clock.after(EXPIRY_MS, () => {
      // What it said counts until its heartbeat has expired.
      if (host.up || host.upTime.total(this.#world.clock.now) !== incarnation) return;
      host.report = undefined;
      this.#setWants(host, 0);
    });
  }

  onHostUp(host: SimHost): void {
    this.#wake(host);
    this.#changed(host);
  }

  #wake(host: SimHost): void {
    if (host.waking || !host.up) return;
    host.waking = true;
    this.#world.clock.after(WAKE_MS, () => {
      host.waking = false;
      if (host.up) this.#look(host);
    });
  }

  /** One round of a host's claim loop: takes what it can start at once, then waits. */
  #look(host: SimHost): void {
    const { clock } = this.#world;
    for (;;) {
      const choice = chooseNext(host.view(clock.now));
      const taken = this.#take(host, choice.candidates);
      if (taken) continue;
      host.choice = choice;
      break;
    }
    const candidates = host.choice?.candidates ?? [];
    host.takesHost = new Set(candidates.flatMap(({ phase, queue }) => (queue === 'host' ? [phase] : [])));
    for (const [phase, waiters] of this.#waiters) {
      waiters.delete(host);
      if (candidates.some((one) => one.phase === phase && one.queue === 'fleet')) waiters.add(host);
    }
    this.#audit(host);
  }

  #take(host: SimHost, candidates: readonly Candidate[]): boolean {
    for (const candidate of this.#sorted(host, candidates)) {
      const queue =
        candidate.queue === 'host'
          ? host.queues.get(candidate.phase)
          : this.#fleetQueues.get(candidate.phase);
      const run = queue?.take();
      if (!run) continue;
      if (run.phase === 'commit2') this.#leftQueues(run, candidate.queue);
      const device =
        candidate.device === undefined
          ? undefined
          : host.devices.findIndex(({ id }) => id === candidate.device);
      this.#world.claim(run, host, device);
      if (needsDevice(candidate.phase)) host.lastDevicePhase = candidate.phase;
      if (run.phase === 'add-piece') this.#setWants(host, Math.max(0, (this.#wants[host.index] ?? 0) - 1));
      this.#changed(host);
      // BullMQ puts the marker back while jobs wait, which wakes the next.
      if (candidate.queue === 'fleet' && queue && queue.length > 0) this.#wakeWaiter(candidate.phase);
      return true;
    }
    return false;
  }

  /** What is offered waits in two queues; the claim decides, and the other job ends as superseded. */
  #leftQueues(run: Run, queue: Candidate['queue']): void {
    this.#waitingC2.delete(run);
    if (queue === 'fleet') {
      run.queue?.queue('commit2').remove(run);
      if (run.queue) this.#audit(run.queue);
    } else if (run.offered) this.#fleetQueue('commit2').remove(run);
    for (const host of this.#helpers) if (host.unexplainedSince !== undefined) this.#audit(host);
  }

  #sorted(host: SimHost, candidates: readonly Candidate[]): readonly Candidate[] {
    if (this.#order === 'production') return candidates;
    const late = (phase: Phase) =>
      this.#order === 'pc2-first' ? 'commit2' === phase : host.lastDevicePhase === phase;
    const device = candidates.filter(({ phase }) => needsDevice(phase));
    const sorted = [
      ...device.filter(({ phase }) => !late(phase)),
      ...device.filter(({ phase }) => late(phase)),
    ];
    let next = 0;
    return candidates.map((one) => (needsDevice(one.phase) ? (sorted[next++] ?? one) : one));
  }

  #wakeWaiter(phase: Phase): void {
    const waiters = this.#waiters.get(phase);
    const next = waiters?.values().next().value;
    if (!waiters || !next) return;
    waiters.delete(next);
    this.#wake(next);
  }

  /** Its report follows within a second. */
  #changed(host: SimHost): void {
    if (host.reporting) return;
    host.reporting = true;
    const { clock } = this.#world;
    // Each agent's second begins where its own clock does.
    const phase = (host.index * 7919) % REPORT_MS;
    const next = Math.floor((clock.now - phase) / REPORT_MS + 1) * REPORT_MS + phase;
    clock.at(next, () => {
      host.reporting = false;
      if (!host.up) return;
      const report = hostReport(host.view(clock.now));
      host.report = report;
      this.#setWants(host, report.wants);
    });
  }

  #setWants(host: SimHost, wants: number): void {
    this.#wants[host.index] = wants;
    if (wants > 0) this.#wanting.add(host);
    else this.#wanting.delete(host);
  }

  #pledge(): void {
    const world = this.#world;
    // Hosts that want none change nothing, and no more can come of it than they want.
    const hosts = [...this.#wanting];
    const wants = hosts.reduce((sum, host) => sum + (this.#wants[host.index] ?? 0), 0);
    if (wants <= world.unbegun) return;
    const miner: PledgingMiner = {
      miner: 1000,
      enabled: true,
      inFlight: world.inFlight,
      ceiling: 0,
      unbegun: world.unbegun,
      sectorCost: 0n,
      free: 0n,
      floor: 0n,
    };
    const decisions = decidePledges({
      miners: [miner],
      hosts: hosts.map((host) => ({
        worker: host.name,
        wants: this.#wants[host.index] ?? 0,
        pipeline: {
          limits: host.machine.limits,
          running: host.running,
          waiting: Object.fromEntries([...host.queues].map(([phase, { length }]) => [phase, length])),
        },
      })),
    });
    for (const { count } of decisions) for (let done = 0; done < count; done += 1) world.pledge();
  }

  /** Offers C2 that waits for its own host to the hosts that take it, as the sealing role's duty does. */
  #offer(): void {
    const waiting = [...this.#waitingC2];
    const helps = this.#helpers.some((host) => host.report?.takes.includes('commit2'));
    // With no free slot outside only the C2 of hosts that never keep theirs is offered.
    if (!waiting.some(({ offered, queue }) => !offered && (helps || queue?.machine.outsourceC2 === 'always')))
      return;
    const hosts = new Set([...this.#helpers, ...waiting.flatMap(({ queue }) => (queue ? [queue] : []))]);
    const decisions = decideOffers({
      hosts: [...hosts].map((host) => this.#c2Host(host)),
      waiting: waiting.map(({ offered, queue }, index) => ({
        runId: index,
        host: queue?.name ?? '',
        offered,
        shared: false,
      })),
      transferMs: TRANSFER_MS,
    });
    for (const { runId, offer } of decisions) {
      const run = waiting[runId];
      if (!run || run.offered || !offer) continue;
      run.offered = true;
      this.#addToFleet(run);
    }
  }

  #c2Host(host: SimHost): C2Host {
    const { machine, report } = host;
    const { now } = this.#world.clock;
    const running = [...host.active].filter(({ run }) => run.phase === 'commit2');
    return {
      worker: host.name,
      alive: report !== undefined,
      outsource: machine.outsourceC2,
      acceptsOutside: machine.acceptsOutsideC2,
      takesNow: report?.takes.includes('commit2') ?? false,
      slots: c2Slots({ limit: machine.limits.commit2, devices: report?.devices ?? [] }),
      runningMs: running.map(({ startedAt }) => now - startedAt),
      meanMs: host.meanMs('commit2'),
      reach: 'network',
      machine: host.name,
    };
  }

  #addToFleet(run: Run): void {
    this.#fleetQueue(run.phase).add(run);
    this.#wakeWaiter(run.phase);
    if (run.phase === 'commit2') for (const host of this.#helpers) this.#audit(host);
  }

  #fleetQueue(phase: Phase): WorkQueue<Run> {
    const queue = this.#fleetQueues.get(phase);
    if (!queue) throw new RangeError(`the fleet has no queue for ${phase}`);
    return queue;
  }

  /** Looks whether a slot of the host idles beside a job that it could run, with no refusal that says why not. */
  #audit(host: SimHost): void {
    const { clock } = this.#world;
    const idle = host.up && this.#idlesUnexplained(host);
    if (idle) host.unexplainedSince ??= clock.now;
    else if (host.unexplainedSince !== undefined) {
      const idled = clock.now - host.unexplainedSince;
      if (idled > ALLOWED_MS && this.#world.counting) this.unexplainedMs += idled;
      host.unexplainedSince = undefined;
    }
  }

  #idlesUnexplained(host: SimHost): boolean {
    if (host.freeSlots() === 0) return false;
    const refusals = host.choice?.refusals ?? [];
    for (const phase of ['precommit2', 'commit2'] as const) {
      if (!needsDevice(phase) || refusals.some((refusal) => refusal.phase === phase)) continue;
      const outside =
        phase === 'commit2' && host.machine.acceptsOutsideC2 ? this.#fleetQueue(phase).length : 0;
      if (host.queue(phase).length + outside > 0) return true;
    }
    return false;
  }
}

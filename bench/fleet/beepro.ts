import type { Phase } from '#core';
import {
  type Candidate,
  chooseNext,
  decidePledges,
  freeSlots,
  hostReport,
  type PledgingMiner,
  paceOpensInMs,
} from '#sched';
import { needsDevice, type SimHost } from './host.ts';
import type { ActiveRun, Run } from './sector.ts';
import { WorkQueue } from './work-queue.ts';
import { type Dispatcher, EXPIRY_MS, type World } from './world.ts';

/** From a job's marker to the agent's look: Redis, the view's query, the claim. */
const WAKE_MS = 5;
/** `worker.poll_interval`. */
const POLL_MS = 10_000;
/** How often an agent compares its report with what the database has. */
const REPORT_MS = 1_000;
/** How often the sealing role decides on pledges, and on the way of waiting C2 jobs. */
const PASS_MS = 5_000;
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
  readonly #wants: { worker: string; wants: number }[];
  readonly #freeC2: number[];
  /** Hosts that take C2 of others. */
  readonly #helpers: readonly SimHost[];
  #decidedOn = '';
  /** Ms that slots idled although a job that fits waited and nothing refused it. */
  unexplainedMs = 0;

  constructor(world: World, order: Order = 'production') {
    this.#world = world;
    this.#order = order;
    for (const phase of ['add-piece', 'commit2'] as const) {
      this.#fleetQueues.set(phase, new WorkQueue());
      this.#waiters.set(phase, new Set());
    }
    this.#wants = world.hosts.map(({ name }) => ({ worker: name, wants: 0 }));
    this.#freeC2 = world.hosts.map(() => 0);
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
    const pass = () => {
      this.#pledge();
      this.#outsource();
      clock.after(PASS_MS, pass);
    };
    clock.after(PASS_MS, pass);
  }

  onReady(run: Run): void {
    const { phase, queue: host } = run;
    if (phase === 'commit2' && host && this.#goesOut(host)) run.queue = undefined;
    if (run.queue) {
      run.queue.queue(phase).add(run);
      if (run.queue.takesHost.has(phase)) this.#wake(run.queue);
      this.#audit(run.queue);
    } else {
      this.#fleetQueue(phase).add(run);
      this.#wakeWaiter(phase);
      if (phase === 'commit2') for (const host of this.#helpers) this.#audit(host);
    }
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
      this.#setReport(host, 0, 0);
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
    const { candidates, refusals } = host.choice ?? { candidates: [], refusals: [] };
    host.takesHost = new Set(candidates.flatMap(({ phase, queue }) => (queue === 'host' ? [phase] : [])));
    for (const [phase, waiters] of this.#waiters) {
      waiters.delete(host);
      if (candidates.some((one) => one.phase === phase && one.queue === 'fleet')) waiters.add(host);
    }
    this.#audit(host);
    if (refusals.some(({ code }) => code === 'pace')) this.#wakeForPace(host);
  }

  #take(host: SimHost, candidates: readonly Candidate[]): boolean {
    for (const candidate of this.#sorted(host, candidates)) {
      const queue =
        candidate.queue === 'host'
          ? host.queues.get(candidate.phase)
          : this.#fleetQueues.get(candidate.phase);
      const run = queue?.take();
      if (!run) continue;
      const device =
        candidate.device === undefined
          ? undefined
          : host.devices.findIndex(({ id }) => id === candidate.device);
      this.#world.claim(run, host, device);
      if (needsDevice(candidate.phase)) host.lastDevicePhase = candidate.phase;
      this.#changed(host);
      // BullMQ puts the marker back while jobs wait, which wakes the next.
      if (candidate.queue === 'fleet' && queue && queue.length > 0) this.#wakeWaiter(candidate.phase);
      return true;
    }
    return false;
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

  /** The look that a real loop takes at its next poll after the pace allows a start. */
  #wakeForPace(host: SimHost): void {
    const { clock } = this.#world;
    if (host.wakeForPaceAt > clock.now) return;
    const opens = paceOpensInMs(host.view(clock.now));
    if (opens === undefined) return;
    const polls = Math.max(1, Math.ceil(opens / POLL_MS));
    host.wakeForPaceAt = clock.now + polls * POLL_MS;
    clock.at(host.wakeForPaceAt, () => {
      this.#wake(host);
      this.#changed(host);
    });
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
      const limit = host.machine.limits.commit2 - (report.running.commit2 ?? 0);
      const slots = report.devices.reduce((sum, device) => sum + freeSlots(device), 0);
      const takesC2 = host.machine.acceptsOutsideC2 && report.takes.includes('commit2');
      this.#setReport(host, report.wants, takesC2 ? Math.min(limit, slots) : 0);
    });
  }

  #setReport(host: SimHost, wants: number, freeC2: number): void {
    const entry = this.#wants[host.index];
    if (entry) entry.wants = wants;
    this.#freeC2[host.index] = freeC2;
  }

  #pledge(): void {
    const world = this.#world;
    const wants = this.#wants.reduce((sum, host) => sum + host.wants, 0);
    const facts = `${wants} ${world.unbegun} ${world.inFlight}`;
    if (facts === this.#decidedOn) return;
    this.#decidedOn = facts;
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
    for (const { count } of decidePledges({ miners: [miner], hosts: this.#wants })) {
      for (let done = 0; done < count; done += 1) world.pledge();
    }
  }

  #goesOut(host: SimHost): boolean {
    const { outsourceC2 } = host.machine;
    if (outsourceC2 === 'always') return true;
    if (outsourceC2 === 'off') return false;
    const startsNow = host.up && host.freeSlots() > 0 && host.queue('commit2').length === 0;
    return !startsNow && this.#freeOutside() > 0;
  }

  /** Slots of hosts that take outside C2 which nobody waits for yet, as their reports have them. */
  #freeOutside(): number {
    return this.#freeC2.reduce((sum, free) => sum + free, 0) - this.#fleetQueue('commit2').length;
  }

  /** C2 jobs that wait for their own host go out as soon as a foreign slot is free. */
  #outsource(): void {
    let free = this.#freeOutside();
    if (free <= 0) return;
    const waiting = this.#world.hosts.filter(
      (host) => host.machine.outsourceC2 === 'overflow' && host.queue('commit2').length > 0,
    );
    for (const host of waiting) {
      for (
        let run = host.queue('commit2').take();
        run;
        run = free > 0 ? host.queue('commit2').take() : undefined
      ) {
        run.queue = undefined;
        this.#fleetQueue('commit2').add(run);
        this.#wakeWaiter('commit2');
        free -= 1;
        if (free <= 0) break;
      }
      if (free <= 0) break;
    }
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

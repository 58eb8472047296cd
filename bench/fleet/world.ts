import type { Phase, SectorState } from '#core';
import type { Fleet } from '../fleets/fleet-schema.ts';
import { drawDuration, type Profile } from '../fleets/profile-schema.ts';
import { SimChain } from './chain.ts';
import { EventQueue } from './event-queue.ts';
import { type ActiveRun, type Run, type Sector, SimHost } from './host.ts';
import { Random } from './random.ts';
import { backoffMs } from './recoveries.ts';
import { STATE_OF } from './sector.ts';

/** BullMQ's priority of a job without a deadline. */
const PRIORITY = 1_000_000;
/** `worker.heartbeat_expiry`: after so long the claims of a host that is down are given back. */
export const EXPIRY_MS = 60_000;
const HOUR_MS = 3_600_000;

/** Whoever decides what runs where: BeePro's own scheduling, or a model of another. */
export interface Dispatcher {
  /** Begins at time 0. */
  start(): void;
  /** A run may start. */
  onReady(run: Run): void;
  /** A run has ended on the host, its resources are free. */
  onEnded(run: ActiveRun): void;
  onHostDown(host: SimHost): void;
  onHostUp(host: SimHost): void;
}

export interface WorldOptions {
  readonly fleet: Fleet;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly seed: number;
  /** Hosts fail and come back. */
  readonly failing: boolean;
  /** Whether hosts know their own past, for the pace. */
  readonly pace: boolean;
}

/** The fleet, its sectors and the chain under a virtual clock; who runs what is the dispatcher's. */
export class World {
  readonly clock = new EventQueue();
  readonly random: Random;
  readonly hosts: readonly SimHost[];
  readonly fleet: Fleet;
  readonly states: Partial<Record<SectorState, number>> = {};
  pledged = 0;
  /** Sectors that no worker has begun. */
  unbegun = 0;
  /** From AddPiece to the prove-commit on chain. */
  inFlight = 0;
  proven = 0;
  readonly parked: Sector[] = [];
  /** Of sectors proven since counting began: ms from AddPiece's start. */
  readonly cycleTimes: number[] = [];
  provenCounted = 0;
  /** Ms of runs that were lost with their host or failed. */
  wastedMs = 0;
  /** Called before a sector's workspace is freed; for measuring. */
  onCleared: ((sector: Sector) => void) | undefined;
  #counting = false;
  readonly #chain: SimChain;
  readonly #failing: boolean;
  #dispatcher: Dispatcher | undefined;

  constructor({ fleet, profiles, seed, failing, pace }: WorldOptions) {
    this.fleet = fleet;
    this.random = new Random(seed);
    this.#failing = failing;
    let index = 0;
    this.hosts = fleet.classes.flatMap((machine) => {
      const profile = profiles.get(machine.profile);
      if (!profile) throw new RangeError(`there is no profile ${machine.profile}`);
      return Array.from({ length: machine.count }, () => new SimHost(index++, machine, profile, pace));
    });
    this.#chain = new SimChain(this.clock, fleet.chain, this.random, {
      onWaitSeed: (sector) => this.#enter(sector, 'WaitSeed'),
      onSeed: (sector) => this.#ready(sector, 'commit1'),
      onProven: (sector) => this.#prove(sector),
    });
  }

  get counting(): boolean {
    return this.#counting;
  }

  begin(dispatcher: Dispatcher): void {
    this.#dispatcher = dispatcher;
    dispatcher.start();
    if (this.#failing) for (const host of this.hosts) this.#scheduleFailure(host);
    this.clock.at(this.fleet.countFromDay * 24 * HOUR_MS, () => this.#beginCounting());
  }

  /** A new sector whose AddPiece any host may take. */
  pledge(): void {
    const sector: Sector = {
      id: this.pledged,
      state: 'AddPiece',
      host: undefined,
      begunAt: 0,
      sealedAt: 0,
      landed: false,
      proved: false,
      tries: {},
    };
    this.pledged += 1;
    this.unbegun += 1;
    this.inFlight += 1;
    this.states.AddPiece = (this.states.AddPiece ?? 0) + 1;
    this.#ready(sector, 'add-piece');
  }

  /** The host claims the run and starts it. */
  claim(run: Run, host: SimHost, device: number | undefined): ActiveRun {
    const { clock, random } = this;
    const { phase, sector } = run;
    const speed = host.profile.phases[phase as keyof typeof host.profile.phases];
    if (!speed) throw new RangeError(`the profile ${host.profile.name} has no ${phase}`);
    const fails = speed.failureRate > 0 && random.uniform() < speed.failureRate;
    const whole = drawDuration(speed, random.normal()) * 1000;
    const took = Math.round(fails ? whole * random.uniform() : whole);
    const active: ActiveRun = { run, host, device, startedAt: clock.now, fails, ended: false };
    if (phase === 'add-piece') {
      this.unbegun -= 1;
      sector.begunAt = clock.now;
      host.takeIn(sector, clock.now);
    }
    if (phase === 'commit1') host.learnSeedWait(clock.now - sector.sealedAt);
    host.claim(active, clock.now);
    clock.after(took, () => {
      if (!active.ended) this.#end(active);
    });
    return active;
  }

  /** The sector's files go to another host. */
  move(sector: Sector, to: SimHost): void {
    sector.host?.letGo(sector, this.clock.now);
    to.takeIn(sector, this.clock.now);
  }

  #end(active: ActiveRun): void {
    const { run, host, startedAt, fails } = active;
    const { now } = this.clock;
    host.release(active, now);
    if (fails) {
      this.wastedMs += now - startedAt;
      this.#fail(run, host);
    } else {
      host.learn(run.phase, now - startedAt);
      delete run.sector.tries[run.phase];
      this.#succeed(run, host);
    }
    this.#dispatcher?.onEnded(active);
  }

  #succeed({ phase, sector }: Run, host: SimHost): void {
    switch (phase) {
      case 'add-piece':
        this.#ready(sector, 'precommit1');
        break;
      case 'precommit1':
        this.#ready(sector, 'precommit2');
        break;
      case 'precommit2':
        sector.sealedAt = this.clock.now;
        this.#enter(sector, 'PreCommitBatching');
        this.#chain.preCommit(sector);
        break;
      case 'commit1':
        this.#ready(sector, 'commit2');
        this.#ready(sector, 'landing');
        break;
      case 'commit2':
        sector.proved = true;
        if (sector.landed) this.#ready(sector, 'clear-cache');
        break;
      case 'landing':
        sector.landed = true;
        if (sector.proved) this.#ready(sector, 'clear-cache');
        break;
      case 'clear-cache':
        this.onCleared?.(sector);
        host.letGo(sector, this.clock.now);
        this.#enter(sector, 'CommitBatching');
        this.#chain.commit(sector);
        break;
      default:
        throw new RangeError(`no sector passes ${phase} here`);
    }
  }

  /** The recovery table's back-off, then the same phase again; parked when its tries are used up. */
  #fail({ phase, sector }: Run, host: SimHost): void {
    const speed = host.profile.phases[phase as keyof typeof host.profile.phases];
    const tries = (sector.tries[phase] ?? 0) + 1;
    sector.tries[phase] = tries;
    const wait = backoffMs(speed?.failure ?? 'crash', tries);
    if (wait === undefined) {
      this.#enter(sector, 'Parked');
      this.parked.push(sector);
      return;
    }
    if (phase === 'add-piece') {
      host.letGo(sector, this.clock.now);
      this.unbegun += 1;
    }
    this.clock.after(wait, () => this.#ready(sector, phase));
  }

  #prove(sector: Sector): void {
    this.#enter(sector, 'Proving');
    this.states.Proving = 0;
    this.proven += 1;
    this.inFlight -= 1;
    if (!this.#counting) return;
    this.provenCounted += 1;
    this.cycleTimes.push(this.clock.now - sector.begunAt);
  }

  #ready(sector: Sector, phase: Phase): void {
    if (sector.state === 'Parked') return;
    const state = STATE_OF[phase];
    if (state !== undefined && state !== sector.state) this.#enter(sector, state);
    this.#dispatcher?.onReady({
      sector,
      phase,
      priority: PRIORITY,
      queue: phase === 'add-piece' ? undefined : sector.host,
      offered: false,
      readyAt: this.clock.now,
    });
  }

  #enter(sector: Sector, state: SectorState): void {
    this.states[sector.state] = (this.states[sector.state] ?? 0) - 1;
    this.states[state] = (this.states[state] ?? 0) + 1;
    const { host } = sector;
    if (host) {
      host.states[sector.state] = (host.states[sector.state] ?? 0) - 1;
      host.states[state] = (host.states[state] ?? 0) + 1;
    }
    sector.state = state;
  }

  #beginCounting(): void {
    this.#counting = true;
    this.wastedMs = 0;
    for (const host of this.hosts) {
      for (const meter of [host.busyPc1, host.busySlots, host.workspace, host.upTime, host.landingBusy]) {
        meter.reset(this.clock.now);
      }
    }
  }

  #scheduleFailure(host: SimHost): void {
    const { mtbfHours, mttrHours } = this.fleet.failures;
    this.clock.after(this.random.exponential(mtbfHours * HOUR_MS), () => {
      this.#takeDown(host);
      this.clock.after(this.random.exponential(mttrHours * HOUR_MS), () => {
        host.up = true;
        host.upTime.add(1, this.clock.now);
        this.#dispatcher?.onHostUp(host);
        this.#scheduleFailure(host);
      });
    });
  }

  /** Its sealers die with it: what ran is queued again when its heartbeat has expired, and begins anew. */
  #takeDown(host: SimHost): void {
    const { clock } = this;
    host.up = false;
    host.upTime.add(-1, clock.now);
    for (const active of [...host.active]) {
      const { run } = active;
      host.release(active, clock.now);
      this.wastedMs += clock.now - active.startedAt;
      if (run.phase === 'add-piece') {
        host.letGo(run.sector, clock.now);
        this.unbegun += 1;
      }
      clock.after(EXPIRY_MS, () => this.#ready(run.sector, run.phase));
    }
    this.#dispatcher?.onHostDown(host);
  }
}

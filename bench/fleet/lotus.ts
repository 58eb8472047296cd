import type { Phase } from '#core';
import type { ActiveRun, Run, SimHost } from './host.ts';
import { type Dispatcher, EXPIRY_MS, type World } from './world.ts';

/*
 * A model of how lotus-miner schedules sealing, from its documentation and the behaviour of its scheduler;
 * `docs/simulation.md` cites the sources and says where the model is kinder than the original. A yardstick only.
 */

/** Windows that a worker has open at the scheduler at a time. */
const WINDOWS = 2;
/** Rounds of the scheduler are not closer than this. */
const ROUND_MS = 1_000;
/** How often the operator's cron pledges up to the limit. */
const PLEDGE_MS = 60_000;
/** Bytes that another worker fetches before PC1 (the unsealed file) and PC2 (that, layers and trees), at 10 Gbit/s. */
const FETCH_MS: Readonly<Partial<Record<Phase, number>>> = { precommit1: 31_000, precommit2: 437_000 };
const SWAP_GIB = 256;

interface Needs {
  readonly threads: number;
  readonly gpu: boolean;
  /** GiB of physical memory, and with swap. */
  readonly memory: number;
  readonly virtual: number;
}

const NOTHING: Needs = { threads: 0, gpu: false, memory: 0, virtual: 0 };

/** Lotus' default table for 32 GiB; PC1 with multicore SDR takes three producers and itself. */
function needsOf(phase: Phase, host: SimHost): Needs {
  const gpuThreads = host.machine.gpus > 0 ? 6 : Math.floor(host.machine.threads * 0.92);
  switch (phase) {
    case 'add-piece':
      return { threads: 1, gpu: false, memory: 5, virtual: 5 };
    case 'precommit1':
      return { threads: 4, gpu: false, memory: 56, virtual: 64 };
    case 'precommit2':
      return { threads: gpuThreads, gpu: true, memory: 16, virtual: 16 };
    case 'commit1':
      return { threads: 0, gpu: false, memory: 2, virtual: 2 };
    case 'commit2':
      return { threads: gpuThreads, gpu: true, memory: 62, virtual: 182 };
    default:
      return NOTHING;
  }
}

/** Lower goes first. */
const ORDER: Readonly<Partial<Record<Phase, number>>> = {
  'clear-cache': -3,
  landing: -3,
  commit1: 2,
  commit2: 3,
  precommit2: 4,
  precommit1: 5,
  'add-piece': 9,
};
/** Tasks that run where the files are; the others go to whichever worker is least used. */
const STAYS: ReadonlySet<Phase> = new Set(['commit1', 'landing', 'clear-cache']);

/** What a worker has promised of its resources. */
class Resources {
  threads = 0;
  gpus = 0;
  memory = 0;
  virtual = 0;
  readonly tasks: Partial<Record<Phase, number>> = {};

  add(phase: Phase, needs: Needs, sign: 1 | -1): void {
    this.threads += sign * needs.threads;
    this.gpus += sign * (needs.gpu ? 1 : 0);
    this.memory += sign * needs.memory;
    this.virtual += sign * needs.virtual;
    this.tasks[phase] = (this.tasks[phase] ?? 0) + sign;
  }

  takes(phase: Phase, needs: Needs, { machine }: SimHost): boolean {
    // MAX_CONCURRENT of the task, as the operator has set it.
    if ((this.tasks[phase] ?? 0) >= limitOf(phase, machine)) return false;
    if (this.memory + needs.memory > machine.memoryGiB) return false;
    if (this.virtual + needs.virtual > machine.memoryGiB + SWAP_GIB) return false;
    if (this.threads + needs.threads > machine.threads) return false;
    return !needs.gpu || machine.gpus === 0 || this.gpus < machine.gpus;
  }

  use({ machine }: SimHost): number {
    const gpus = machine.gpus === 0 ? 0 : this.gpus / machine.gpus;
    const memory = Math.max(this.memory / machine.memoryGiB, this.virtual / (machine.memoryGiB + SWAP_GIB));
    return Math.max(this.threads / machine.threads, memory, gpus);
  }
}

function limitOf(phase: Phase, machine: SimHost['machine']): number {
  return machine.limits[phase as keyof typeof machine.limits] ?? 0;
}

interface Window {
  readonly worker: LotusWorker;
  readonly allocated: Resources;
  readonly todo: Run[];
}

class LotusWorker {
  readonly host: SimHost;
  preparing = new Resources();
  active = new Resources();
  /** Assigned windows, the oldest first. */
  windows: Window[] = [];
  open: Window[] = [];
  /** Fetched, and waiting for resources. */
  readonly prepared: Run[] = [];

  constructor(host: SimHost) {
    this.host = host;
  }

  use(): number {
    const windows = this.windows.reduce((sum, { allocated }) => sum + allocated.use(this.host), 0);
    return this.active.use(this.host) + this.preparing.use(this.host) + windows;
  }
}

export class LotusDispatcher implements Dispatcher {
  readonly #world: World;
  readonly #workers: readonly LotusWorker[];
  /** The scheduler's queue, in its order. */
  #queue: Run[] = [];
  #round = false;
  /** Units of workspace that tasks on their way to another host will take there. */
  readonly #promised = new Map<SimHost, number>();
  readonly #roundMs: number;
  readonly unexplainedMs = Number.NaN;

  constructor(world: World) {
    this.#world = world;
    this.#workers = world.hosts.map((host) => new LotusWorker(host));
    // One scheduler looks at every worker for every task: the larger the fleet, the rarer its rounds here.
    this.#roundMs = Math.max(ROUND_MS, world.hosts.length * 10);
  }

  start(): void {
    const most = this.#world.hosts.reduce(
      (sum, { machine }) => sum + (machine.limits.precommit1 > 0 ? machine.maxSectors : 0),
      0,
    );
    const pledge = () => {
      const held = this.#world.hosts.reduce((sum, { sectors }) => sum + sectors, this.#world.unbegun);
      for (let room = most - held; room > 0; room -= 1) this.#world.pledge();
      this.#world.clock.after(PLEDGE_MS, pledge);
    };
    pledge();
  }

  onReady(run: Run): void {
    const order = ORDER[run.phase] ?? 0;
    let index = this.#queue.length;
    while (index > 0 && (ORDER[(this.#queue[index - 1] as Run).phase] ?? 0) > order) index -= 1;
    this.#queue.splice(index, 0, run);
    this.#poke();
  }

  onEnded({ run, host }: ActiveRun): void {
    const worker = this.#worker(host);
    worker.active.add(run.phase, needsOf(run.phase, host), -1);
    this.#startPrepared(worker);
    this.#process(worker);
    this.#poke();
  }

  onHostDown(host: SimHost): void {
    const worker = this.#worker(host);
    const lost = [...worker.windows.flatMap(({ todo }) => todo), ...worker.prepared];
    worker.windows = [];
    worker.open = [];
    worker.prepared.length = 0;
    worker.preparing = new Resources();
    worker.active = new Resources();
    this.#promised.delete(host);
    this.#world.clock.after(EXPIRY_MS, () => {
      for (const run of lost) this.onReady(run);
    });
  }

  onHostUp(): void {
    this.#poke();
  }

  #worker(host: SimHost): LotusWorker {
    const worker = this.#workers[host.index];
    if (!worker) throw new RangeError(`there is no host ${host.index}`);
    return worker;
  }

  #poke(): void {
    if (this.#round) return;
    this.#round = true;
    this.#world.clock.after(this.#roundMs, () => {
      this.#round = false;
      this.#assign();
    });
  }

  /** One round of the scheduler: every task to the least used worker with an open window that takes it. */
  #assign(): void {
    const up = this.#workers.filter(({ host }) => host.up);
    for (const worker of up) {
      while (worker.open.length + worker.windows.length < WINDOWS) {
        worker.open.push({ worker, allocated: new Resources(), todo: [] });
      }
    }
    const uses = new Map<LotusWorker, number>();
    const useOf = (worker: LotusWorker) => {
      const known = uses.get(worker) ?? worker.use();
      uses.set(worker, known);
      return known;
    };
    const full = new Set<Phase>();
    const left: Run[] = [];
    for (const run of this.#queue) {
      const home = run.sector.host;
      const stays = STAYS.has(run.phase);
      const anywhere = !stays && !full.has(run.phase);
      const workers = anywhere ? up : home?.up ? [this.#worker(home)] : [];
      let best: { window: Window; use: number } | undefined;
      for (const worker of workers) {
        const { host } = worker;
        if (limitOf(run.phase, host.machine) <= 0 || !this.#hasRoom(run, host) || (stays && host !== home))
          continue;
        const use = useOf(worker);
        if (best && use >= best.use) continue;
        const needs = needsOf(run.phase, host);
        const window = worker.open.find(({ allocated }) => allocated.takes(run.phase, needs, host));
        if (window) best = { window, use };
      }
      if (!best) {
        if (anywhere) full.add(run.phase);
        left.push(run);
        continue;
      }
      const { worker, allocated, todo } = best.window;
      const before = allocated.use(worker.host);
      allocated.add(run.phase, needsOf(run.phase, worker.host), 1);
      uses.set(worker, best.use + allocated.use(worker.host) - before);
      todo.push(run);
      if (takesRoom(run) && home !== worker.host) {
        this.#promised.set(worker.host, (this.#promised.get(worker.host) ?? 0) + 1);
      }
    }
    this.#queue = left;
    for (const worker of up) {
      const filled = worker.open.filter(({ todo }) => todo.length > 0);
      if (filled.length === 0) continue;
      worker.open = worker.open.filter(({ todo }) => todo.length === 0);
      worker.windows.push(...filled);
      this.#process(worker);
    }
  }

  #hasRoom(run: Run, host: SimHost): boolean {
    if (!takesRoom(run) || run.sector.host === host) return true;
    return host.sectors + (this.#promised.get(host) ?? 0) < host.machine.maxSectors;
  }

  /** A worker takes what it can from its first window, and asks for another when that is empty. */
  #process(worker: LotusWorker): void {
    const { host } = worker;
    for (let first = worker.windows[0]; first; first = worker.windows[0]) {
      const index = first.todo.findIndex(({ phase }) => {
        const needs = needsOf(phase, host);
        // Commit tasks have nothing to fetch, and wait behind what has been fetched already.
        if (phase === 'commit1' || phase === 'commit2') {
          return worker.prepared.length === 0 && worker.active.takes(phase, needs, host);
        }
        return worker.preparing.takes(phase, needs, host);
      });
      const [run] = index === -1 ? [] : first.todo.splice(index, 1);
      if (run) this.#prepare(worker, run);
      else if (first.todo.length > 0) break;
      if (first.todo.length === 0) {
        worker.windows.shift();
        this.#poke();
      }
    }
  }

  #prepare(worker: LotusWorker, run: Run): void {
    const { host } = worker;
    const needs = needsOf(run.phase, host);
    if (run.phase === 'commit1' || run.phase === 'commit2') {
      this.#start(worker, run);
      return;
    }
    const { preparing } = worker;
    preparing.add(run.phase, needs, 1);
    const fetch = run.sector.host === host || run.phase === 'add-piece' ? 0 : (FETCH_MS[run.phase] ?? 0);
    this.#world.clock.after(fetch, () => {
      // The host has failed meanwhile, and the task with it.
      if (worker.preparing !== preparing) {
        this.onReady(run);
        return;
      }
      if (run.phase !== 'add-piece' && run.sector.host !== host && takesRoom(run)) {
        this.#unpromise(host);
        this.#world.move(run.sector, host);
      }
      worker.prepared.push(run);
      this.#startPrepared(worker);
    });
  }

  #startPrepared(worker: LotusWorker): void {
    const { host, prepared, preparing, active } = worker;
    for (let index = 0; index < prepared.length; ) {
      const run = prepared[index] as Run;
      const needs = needsOf(run.phase, host);
      if (!active.takes(run.phase, needs, host)) {
        index += 1;
        continue;
      }
      prepared.splice(index, 1);
      preparing.add(run.phase, needs, -1);
      this.#start(worker, run);
    }
    this.#process(worker);
  }

  #start(worker: LotusWorker, run: Run): void {
    const { host, active } = worker;
    active.add(run.phase, needsOf(run.phase, host), 1);
    if (run.phase === 'add-piece') this.#unpromise(host);
    const needsSlot = needsOf(run.phase, host).gpu;
    const free = host.devices.findIndex((device) => device.held.length < device.slots);
    this.#world.claim(run, host, needsSlot && free !== -1 ? free : undefined);
  }

  #unpromise(host: SimHost): void {
    this.#promised.set(host, Math.max(0, (this.#promised.get(host) ?? 0) - 1));
  }
}

/** Tasks that put a sector's files onto their host. */
function takesRoom({ phase }: Run): boolean {
  return phase === 'add-piece' || phase === 'precommit1' || phase === 'precommit2';
}

import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { BeeproError, type Bytes, formatBytes, isBeeproError } from '#core';
import { makeFolderDurably, readJson, writeJsonDurably } from './durable-file.ts';
import { sealerPlace } from './places.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';
import { ownMemory } from './process-memory.ts';
import { programFingerprint } from './program-fingerprint.ts';
import { SealerClient, type SealerConnection } from './sealer-client.ts';
import { coresSchema, isSameCores, onCores, type SealerCores } from './sealer-cores.ts';
import {
  endSealerProcess,
  type RunningSealer,
  type SealerProgram,
  startSealerProcess,
} from './sealer-process.ts';

/**
 * What a sealer process keeps loaded, and so what it is used for: `prover` holds proof parameters (gigabytes),
 * `cpu` nothing. Processes of one class are interchangeable.
 */
export type SealerClass = 'cpu' | 'prover';

/**
 * A slot of a device. Its sealer is resident: whatever takes the slot next is served by the same process, with its
 * parameters loaded.
 */
export interface SealerSeat {
  readonly device: string;
  readonly slot: number;
}

export const seatSchema = z.object({ device: z.string(), slot: z.number().int().nonnegative() });

const recordFile = z.object({
  format: z.literal(1),
  class: z.enum(['cpu', 'prover']),
  bootId: z.string(),
  pid: z.number().int(),
  startTime: z.number().int(),
  seat: seatSchema.optional(),
  cores: coresSchema.optional(),
  /** Absent in records of earlier versions: such a process ends with the job it has. */
  fingerprint: z.string().optional(),
});

export interface SealerPoolOptions {
  /** The folder of the sealers' sockets, logs and journals. */
  readonly dir: string;
  readonly program: SealerProgram | ((sealerClass: SealerClass, seat?: SealerSeat) => SealerProgram);
  /** An idle process ends by itself after so many seconds. */
  readonly idleExitS?: number;
  /** Idle `cpu` processes kept ready, so that a phase does not pay for a start. */
  readonly spares?: number;
  /** The most memory of its own that an idle process may hold on to; 0: no bound. */
  readonly maxMemory?: () => Bytes;
  readonly onError?: (error: Error) => void;
  /** An idle process was ended because it would not do any more. */
  readonly onReplace?: (name: string, why: string) => void;
}

const IDLE_EXIT_S = 600;
/** Each waits 5 s for the greeting: a minute in all, as for a sealer that falls silent while it is connected. */
const ADOPTION_TRIES = 12;
const ADOPTION_PAUSE_MS = 100;

/** Whom a process serves: runs of its class, on its seat or its cores if it has any. */
export interface SealerKind {
  readonly class: SealerClass;
  readonly seat?: SealerSeat | undefined;
  readonly cores?: SealerCores | undefined;
}

interface SealerRecord extends SealerKind {
  readonly process: ProcessIdentity;
  readonly fingerprint: string | undefined;
}

interface Member extends SealerKind {
  readonly name: string;
  readonly fingerprint: string | undefined;
  running: RunningSealer;
  client: SealerClient;
}

/** A process that works for one run alone: ending it disturbs nobody else. */
export interface SealerLease {
  readonly name: string;
  readonly client: SealerConnection;
  readonly process: ProcessIdentity;
  /** Back to the pool, to be used again with what it has loaded. */
  release(): void;
  /** Ends the process, and what it computes. */
  kill(): Promise<void>;
}

/** A process that is about to be used: its name is known before it is started. */
export interface SealerReservation {
  /** Its name in the pool's folder, for the journal: the process of the same name knows the run after a restart. */
  readonly name: string;
  /** @throws BeeproError `SEALER_NOT_INSTALLED`, `SEALER_START_FAILED`, `SEALER_UNREACHABLE` */
  open(): Promise<SealerLease>;
  /** It is not needed after all. */
  cancel(): Promise<void>;
}

/** What an agent asks of whoever keeps the sealers of its host. */
export interface Sealers {
  /** Those that do nothing now. */
  readonly idle: readonly (SealerKind & { readonly process: ProcessIdentity })[];
  reserve(sealerClass: SealerClass, cores?: SealerCores): SealerReservation;
  reserveSeat(seat: SealerSeat): Promise<SealerReservation>;
  adopt(name: string, run?: Pick<SealerKind, 'seat' | 'cores'>): Promise<SealerReservation>;
  dispose(name: string): Promise<void>;
  dropSeats(isKept: (seat: SealerSeat) => boolean): Promise<void>;
  fill(): void;
  close(): void;
}

/**
 * The sealer processes of this host. Each runs one thing at a time and stays when it is done, with its parameters
 * loaded: those of a seat for that seat alone, the others for whoever needs their class. One that died, was built
 * anew, is to start differently, or holds too much memory is replaced when it is idle. They are children of nobody:
 * closing the pool ends none of them.
 */
export class SealerPool implements Sealers {
  readonly #options: SealerPoolOptions;
  readonly #idle: Member[] = [];
  readonly #busy = new Map<string, Member>();
  /** Seats that somebody has reserved; each settles when it is free again. */
  readonly #seats = new Map<string, Promise<void>>();
  #closed = false;
  #filling: Promise<void> | undefined;

  private constructor(options: SealerPoolOptions) {
    this.#options = options;
  }

  /**
   * Finds the sealers that an earlier agent left.
   * @param needed names that journalled runs refer to: these are kept, dead or alive, for {@link adopt}
   */
  static async open(options: SealerPoolOptions, needed: ReadonlySet<string>): Promise<SealerPool> {
    await makeFolderDurably(options.dir);
    const pool = new SealerPool(options);
    for (const name of await readdir(options.dir)) if (!needed.has(name)) await pool.#takeOver(name);
    return pool;
  }

  /**
   * An idle process of the class, or the name of a new one, which is started by `open`: so that the name can be
   * journalled before anything is started.
   * @param cores only a process that was started on these will do; without them only one that is bound to none
   */
  reserve(sealerClass: SealerClass, cores?: SealerCores): SealerReservation {
    const member = this.#takeIdle(
      (one) => one.class === sealerClass && one.seat === undefined && isSameCores(one.cores, cores),
    );
    return member
      ? this.#reserved(member, undefined)
      : this.#reserveNew(newName(sealerClass), { class: sealerClass, cores }, undefined);
  }

  /** The resident process of a seat, once whoever had it before has let go of it. */
  async reserveSeat(seat: SealerSeat): Promise<SealerReservation> {
    const free = await this.#occupy(seat);
    const ofSeat = (one: Member) => isSameSeat(one.seat, seat);
    const member = this.#takeIdle(ofSeat);
    // An agent that died while it replaced one has left two.
    for (let twin = this.#takeIdle(ofSeat); member && twin; twin = this.#takeIdle(ofSeat))
      await this.#discard(twin);
    return member
      ? this.#reserved(member, free)
      : this.#reserveNew(newName('prover'), { class: 'prover', seat }, free);
  }

  /**
   * The process of this name, alive or started again on its journal: it joins, replays or resumes the runs that
   * are requested of it again under their old ids.
   * @param run the seat or the cores that the run held, for a process that has left no record of itself
   */
  async adopt(name: string, run: Pick<SealerKind, 'seat' | 'cores'> = {}): Promise<SealerReservation> {
    const record = await this.#record(name);
    const held = record?.seat ?? run.seat;
    const free = held && (await this.#occupy(held));
    const place = sealerPlace(this.#options.dir, name);
    if (record && isAlive(record.process)) {
      try {
        const client = await connectPatiently(place.socket, record.process);
        const running = { ...place, process: record.process };
        const { process: _process, ...known } = record;
        return this.#reserved({ ...known, name, seat: held, running, client }, free);
      } catch (error) {
        // Alive and dumb: a stopped or hung process must not go on beside the one that replaces it.
        this.#options.onError?.(error as Error);
        await endSealerProcess(record.process);
      }
    }
    const kind = { class: record?.class ?? classOf(name), seat: held, cores: record?.cores ?? run.cores };
    return this.#reserveNew(name, kind, free);
  }

  /** Ends the process of this name with whatever it computes, and forgets it. */
  async dispose(name: string): Promise<void> {
    const record = await this.#record(name);
    if (record) await endSealerProcess(record.process);
    await rm(join(this.#options.dir, name), { recursive: true, force: true });
  }

  /** Ends the idle processes of seats that are not to be kept. */
  async dropSeats(isKept: (seat: SealerSeat) => boolean): Promise<void> {
    const dropped = this.#idle.filter((member) => member.seat && !isKept(member.seat));
    for (const member of dropped) {
      this.#idle.splice(this.#idle.indexOf(member), 1);
      await this.#discard(member);
    }
  }

  /** Starts spare `cpu` processes in the background. */
  fill(): void {
    const spares = this.#options.spares ?? 1;
    const idle = this.#idle.filter(isSpare).length;
    if (this.#closed || this.#filling || idle >= spares) return;
    this.#filling = this.#start(newName('cpu'), { class: 'cpu' })
      .then((member) => {
        if (this.#closed) member.client.close();
        else this.#idle.push(member);
      })
      .catch((error: Error) => this.#options.onError?.(error))
      .finally(() => {
        this.#filling = undefined;
      });
  }

  /** Processes that do nothing now. */
  get idle(): readonly (SealerKind & { readonly process: ProcessIdentity })[] {
    return this.#idle.map(({ class: sealerClass, seat, cores, running }) => ({
      class: sealerClass,
      seat,
      cores,
      process: running.process,
    }));
  }

  /** Lets go of all processes; they go on, and end when idle for long. */
  close(): void {
    this.#closed = true;
    for (const member of [...this.#idle, ...this.#busy.values()]) member.client.close();
  }

  /** Waits until nobody has the seat; returns how it is given back. */
  async #occupy(seat: SealerSeat): Promise<() => void> {
    const key = `${seat.device} ${seat.slot}`;
    for (let busy = this.#seats.get(key); busy; busy = this.#seats.get(key)) await busy;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#seats.set(key, promise);
    return () => {
      if (this.#seats.get(key) === promise) this.#seats.delete(key);
      resolve();
    };
  }

  /** An idle process that will do; those that will not are ended. */
  #takeIdle(fits: (member: Member) => boolean): Member | undefined {
    for (;;) {
      const index = this.#idle.findIndex(fits);
      const [member] = index < 0 ? [] : this.#idle.splice(index, 1);
      const why = member && this.#whyReplace(member);
      if (!member || why === undefined) return member;
      this.#options.onReplace?.(member.name, why);
      void this.#discard(member).catch((error: Error) => this.#options.onError?.(error));
    }
  }

  /** Why an idle process is not used again. */
  #whyReplace(member: Member): string | undefined {
    if (!member.client.usable) return 'it has ended';
    if (member.fingerprint !== programFingerprint(this.#program(member)))
      return 'the program, its cores or its environment have changed';
    const bound = this.#options.maxMemory?.() ?? 0;
    const own = bound > 0 ? ownMemory(member.running.process.pid) : 0;
    return own > bound ? `it holds ${formatBytes(own)} while idle` : undefined;
  }

  #reserved(member: Member, free: (() => void) | undefined): SealerReservation {
    const lease = this.#lease(member, free);
    return { name: member.name, open: async () => lease, cancel: async () => lease.release() };
  }

  #lease(member: Member, free: (() => void) | undefined): SealerLease {
    this.#busy.set(member.name, member);
    const end = async () => {
      await this.#discard(member).finally(() => free?.());
    };
    return {
      name: member.name,
      client: member.client,
      process: member.running.process,
      release: () => {
        if (!this.#busy.delete(member.name)) return;
        const why = this.#closed ? undefined : this.#whyReplace(member);
        if (why !== undefined) {
          this.#options.onReplace?.(member.name, why);
          void end().catch((error: Error) => this.#options.onError?.(error));
          return;
        }
        if (this.#closed) member.client.close();
        else this.#idle.push(member);
        free?.();
      },
      kill: async () => {
        this.#busy.delete(member.name);
        await end();
      },
    };
  }

  #reserveNew(name: string, kind: SealerKind, free: (() => void) | undefined): SealerReservation {
    let opened: Promise<SealerLease> | undefined;
    return {
      name,
      open: () => {
        opened ??= this.#start(name, kind).then((member) => this.#lease(member, free));
        return opened;
      },
      cancel: async () => {
        const lease = await opened?.catch(() => undefined);
        if (lease) {
          lease.release();
          return;
        }
        await rm(join(this.#options.dir, name), { recursive: true, force: true });
        free?.();
      },
    };
  }

  #program({ class: sealerClass, seat, cores }: SealerKind): SealerProgram {
    const { program } = this.#options;
    return onCores(typeof program === 'function' ? program(sealerClass, seat) : program, cores);
  }

  async #start(name: string, kind: SealerKind): Promise<Member> {
    const { dir, idleExitS } = this.#options;
    const program = this.#program(kind);
    const place = sealerPlace(dir, name);
    // Taken before: a binary that is replaced meanwhile makes one process too many, not one too old.
    const fingerprint = programFingerprint(program);
    const running = await startSealerProcess(program, place, idleExitS ?? IDLE_EXIT_S);
    const { bootId, pid, startTime } = running.process;
    await writeJsonDurably(join(dir, name, 'sealer.json'), {
      format: 1,
      ...kind,
      bootId,
      pid,
      startTime,
      fingerprint,
    });
    const client = await SealerClient.connect(place.socket);
    return { name, ...kind, fingerprint, running, client };
  }

  async #discard(member: Member): Promise<void> {
    member.client.close();
    await endSealerProcess(member.running.process);
    await rm(join(this.#options.dir, member.name), { recursive: true, force: true });
  }

  /** An idle process of an earlier agent is used again; what is left of a dead one is removed. */
  async #takeOver(name: string): Promise<void> {
    const record = await this.#record(name);
    const place = sealerPlace(this.#options.dir, name);
    try {
      if (!record || !isAlive(record.process))
        throw new BeeproError('SEALER_UNREACHABLE', { ...place, detail: 'it has ended' });
      const client = await SealerClient.connect(place.socket, 2_000);
      const { result } = await client.request('list', {}, { quietMs: 1_000, pingMs: 1_000 });
      if (result.runs.some((run) => run.state === 'running')) {
        client.close();
        throw new BeeproError('SEALER_STILL_RUNNING', { id: name });
      }
      const { process, ...known } = record;
      this.#idle.push({ name, ...known, running: { ...place, process }, client });
    } catch (error) {
      if (record && isAlive(record.process)) this.#options.onError?.(error as Error);
      await this.dispose(name);
    }
  }

  async #record(name: string): Promise<SealerRecord | undefined> {
    const record = recordFile.safeParse(await readJson(join(this.#options.dir, name, 'sealer.json')));
    if (!record.success) return undefined;
    const { class: sealerClass, bootId, pid, startTime, seat, cores, fingerprint } = record.data;
    return { class: sealerClass, process: { bootId, pid, startTime }, seat, cores, fingerprint };
  }
}

/**
 * A process that has computed for hours may be slow to answer on a machine that is short of memory or disk. Tries are
 * counted, not time alone: an agent that stands still in the middle does not take its own silence for the sealer's.
 */
async function connectPatiently(socket: string, identity: ProcessIdentity): Promise<SealerClient> {
  for (let left = ADOPTION_TRIES; ; left -= 1) {
    try {
      return await SealerClient.connect(socket);
    } catch (error) {
      const mayCome = isBeeproError(error, 'SEALER_UNREACHABLE') && isAlive(identity);
      if (left === 1 || !mayCome) throw error;
      await sleep(ADOPTION_PAUSE_MS);
    }
  }
}

function isSpare(member: Member): boolean {
  return member.class === 'cpu' && !member.seat && !member.cores && member.client.usable;
}

function isSameSeat(a: SealerSeat | undefined, b: SealerSeat): boolean {
  return a?.device === b.device && a.slot === b.slot;
}

function newName(sealerClass: SealerClass): string {
  return `${sealerClass}-${randomBytes(6).toString('hex')}`;
}

function classOf(name: string): SealerClass {
  return name.startsWith('prover-') ? 'prover' : 'cpu';
}

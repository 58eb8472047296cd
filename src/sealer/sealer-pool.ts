import { randomBytes } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { BeeproError } from '#core';
import { makeFolderDurably, readJson, writeJsonDurably } from './durable-file.ts';
import { sealerPlace } from './places.ts';
import { isAlive, type ProcessIdentity } from './process-identity.ts';
import { SealerClient, type SealerConnection } from './sealer-client.ts';
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

const recordFile = z.object({
  format: z.literal(1),
  class: z.enum(['cpu', 'prover']),
  bootId: z.string(),
  pid: z.number().int(),
  startTime: z.number().int(),
});

export interface SealerPoolOptions {
  /** The folder of the sealers' sockets, logs and journals. */
  readonly dir: string;
  readonly program: SealerProgram | ((sealerClass: SealerClass) => SealerProgram);
  /** An idle process ends by itself after so many seconds. */
  readonly idleExitS?: number;
  /** Idle `cpu` processes kept ready, so that a phase does not pay for a start. */
  readonly spares?: number;
  readonly onError?: (error: Error) => void;
}

const IDLE_EXIT_S = 600;

interface SealerRecord {
  readonly class: SealerClass;
  readonly process: ProcessIdentity;
}

interface Member {
  readonly name: string;
  readonly class: SealerClass;
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
  reserve(sealerClass: SealerClass): SealerReservation;
  adopt(name: string): Promise<SealerReservation>;
  dispose(name: string): Promise<void>;
  fill(): void;
  close(): void;
}

/**
 * The sealer processes of this host. Each runs one thing at a time and stays when it is done, with its
 * parameters loaded. They are children of nobody: closing the pool ends none of them.
 */
export class SealerPool implements Sealers {
  readonly #options: SealerPoolOptions;
  readonly #idle: Member[] = [];
  readonly #busy = new Map<string, Member>();
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
   */
  reserve(sealerClass: SealerClass): SealerReservation {
    for (;;) {
      const index = this.#idle.findIndex((member) => member.class === sealerClass);
      const [member] = index < 0 ? [] : this.#idle.splice(index, 1);
      if (!member) return this.#reserveNew(newName(sealerClass), sealerClass);
      if (!member.client.usable) {
        void this.#discard(member).catch((error: Error) => this.#options.onError?.(error));
        continue;
      }
      const lease = this.#lease(member);
      return {
        name: member.name,
        open: async () => lease,
        cancel: async () => lease.release(),
      };
    }
  }

  /**
   * The process of this name, alive or started again on its journal: it joins, replays or resumes the runs that
   * are requested of it again under their old ids.
   */
  async adopt(name: string): Promise<SealerReservation> {
    const record = await this.#record(name);
    const place = sealerPlace(this.#options.dir, name);
    if (record && isAlive(record.process)) {
      try {
        const client = await SealerClient.connect(place.socket);
        const running = { ...place, process: record.process };
        const lease = this.#lease({ name, class: record.class, running, client });
        return { name, open: async () => lease, cancel: async () => lease.release() };
      } catch (error) {
        // Alive and dumb: a stopped or hung process must not go on beside the one that replaces it.
        this.#options.onError?.(error as Error);
        await endSealerProcess(record.process);
      }
    }
    return this.#reserveNew(name, record?.class ?? classOf(name));
  }

  /** Ends the process of this name with whatever it computes, and forgets it. */
  async dispose(name: string): Promise<void> {
    const record = await this.#record(name);
    if (record) await endSealerProcess(record.process);
    await rm(join(this.#options.dir, name), { recursive: true, force: true });
  }

  /** Starts spare `cpu` processes in the background. */
  fill(): void {
    const spares = this.#options.spares ?? 1;
    const idle = this.#idle.filter((member) => member.class === 'cpu' && member.client.usable).length;
    if (this.#closed || this.#filling || idle >= spares) return;
    this.#filling = this.#start(newName('cpu'), 'cpu')
      .then((member) => {
        if (this.#closed) member.client.close();
        else this.#idle.push(member);
      })
      .catch((error: Error) => this.#options.onError?.(error))
      .finally(() => {
        this.#filling = undefined;
      });
  }

  /** Lets go of all processes; they go on, and end when idle for long. */
  close(): void {
    this.#closed = true;
    for (const member of [...this.#idle, ...this.#busy.values()]) member.client.close();
  }

  #lease(member: Member): SealerLease {
    this.#busy.set(member.name, member);
    return {
      name: member.name,
      client: member.client,
      process: member.running.process,
      release: () => {
        if (!this.#busy.delete(member.name)) return;
        if (this.#closed) member.client.close();
        else this.#idle.push(member);
      },
      kill: async () => {
        this.#busy.delete(member.name);
        await this.#discard(member);
      },
    };
  }

  #reserveNew(name: string, sealerClass: SealerClass): SealerReservation {
    let opened: Promise<SealerLease> | undefined;
    return {
      name,
      open: () => {
        opened ??= this.#start(name, sealerClass).then((member) => this.#lease(member));
        return opened;
      },
      cancel: async () => {
        const lease = await opened?.catch(() => undefined);
        if (lease) lease.release();
        else await rm(join(this.#options.dir, name), { recursive: true, force: true });
      },
    };
  }

  async #start(name: string, sealerClass: SealerClass): Promise<Member> {
    const { program, dir, idleExitS } = this.#options;
    const chosen = typeof program === 'function' ? program(sealerClass) : program;
    const place = sealerPlace(dir, name);
    const running = await startSealerProcess(chosen, place, idleExitS ?? IDLE_EXIT_S);
    const { bootId, pid, startTime } = running.process;
    await writeJsonDurably(join(dir, name, 'sealer.json'), {
      format: 1,
      class: sealerClass,
      bootId,
      pid,
      startTime,
    });
    return { name, class: sealerClass, running, client: await SealerClient.connect(place.socket) };
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
      this.#idle.push({ name, class: record.class, running: { ...place, process: record.process }, client });
    } catch (error) {
      if (record && isAlive(record.process)) this.#options.onError?.(error as Error);
      await this.dispose(name);
    }
  }

  async #record(name: string): Promise<SealerRecord | undefined> {
    const record = recordFile.safeParse(await readJson(join(this.#options.dir, name, 'sealer.json')));
    if (!record.success) return undefined;
    const { bootId, pid, startTime } = record.data;
    return { class: record.data.class, process: { bootId, pid, startTime } };
  }
}

function newName(sealerClass: SealerClass): string {
  return `${sealerClass}-${randomBytes(6).toString('hex')}`;
}

function classOf(name: string): SealerClass {
  return name.startsWith('prover-') ? 'prover' : 'cpu';
}

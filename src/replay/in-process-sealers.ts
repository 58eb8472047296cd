import { randomBytes } from 'node:crypto';
import { BeeproError } from '#core';
import {
  type Answer,
  type Hello,
  identityOf,
  OP_RESULTS,
  type OpName,
  type OpParams,
  type OpResult,
  PROTOCOL_VERSION,
  type ProcessIdentity,
  type RequestOptions,
  type SealerClass,
  type SealerConnection,
  type SealerLease,
  type SealerReservation,
  type Sealers,
  sealerError,
} from '#sealer';
import { PlayedCrash } from './played-error.ts';
import { ReplayMachine, type ReplayOptions } from './replay-machine.ts';
import { errorOf } from './replay-runs.ts';

/**
 * Stand-in sealers without processes, for benchmarks with thousands of hosts: the agent's side is the same, and what
 * they play ends with the agent.
 */
export class InProcessSealers implements Sealers {
  readonly #machine: ReplayMachine;
  readonly idle = [];
  #serial = 0;

  constructor(options: ReplayOptions) {
    this.#machine = new ReplayMachine(options);
  }

  reserve(sealerClass: SealerClass): SealerReservation {
    this.#serial += 1;
    return this.#reservation(`${sealerClass}-${this.#serial}`);
  }

  /** Whoever asks for a seat has seen that it is free: in one process nobody else lets go of it late. */
  async reserveSeat(): Promise<SealerReservation> {
    return this.reserve('prover');
  }

  async adopt(name: string): Promise<SealerReservation> {
    return this.#reservation(name);
  }

  async dispose(): Promise<void> {}

  async dropSeats(): Promise<void> {}

  fill(): void {}

  close(): void {}

  #reservation(name: string): SealerReservation {
    const client = new InProcessConnection(this.#machine);
    const lease: SealerLease = {
      name,
      client,
      process: own(),
      release: () => undefined,
      kill: async () => client.kill(),
    };
    return { name, open: async () => lease, cancel: async () => undefined };
  }
}

class InProcessConnection implements SealerConnection {
  readonly hello: Hello;
  readonly #machine: ReplayMachine;
  readonly #killed = new AbortController();

  constructor(machine: ReplayMachine) {
    this.#machine = machine;
    const { pid, startTime, bootId } = own();
    this.hello = {
      event: 'hello',
      protocol: PROTOCOL_VERSION,
      program: 'beepro-replay-sealer',
      stand_in: 'replay',
      version: '0.1.0',
      pid,
      start_time: startTime,
      boot_id: bootId,
      instance: randomBytes(8).toString('hex'),
    };
  }

  kill(): void {
    this.#killed.abort();
  }

  async request<O extends OpName>(
    op: O,
    params: OpParams[O],
    options: RequestOptions = {},
  ): Promise<Answer<O>> {
    const began = performance.now();
    const result = await this.#answer(op, params, options);
    return {
      result: OP_RESULTS[op].parse(result) as OpResult<O>,
      elapsedMs: performance.now() - began,
      replayed: false,
      warnings: [],
    };
  }

  async #answer(op: OpName, params: unknown, options: RequestOptions): Promise<unknown> {
    switch (op) {
      case 'capabilities':
        return this.#machine.capabilities();
      case 'forget':
        return { forgotten: true };
      case 'params':
        return { directory: '', files: [] };
      default:
        return this.#play(op, params, options);
    }
  }

  async #play(op: OpName, params: unknown, options: RequestOptions): Promise<unknown> {
    const id = options.id ?? op;
    try {
      return await this.#machine.run(op, id, params, this.#killed.signal, options.onProgress);
    } catch (error) {
      if (error instanceof PlayedCrash || this.#killed.signal.aborted) {
        throw new BeeproError('SEALER_DIED', { op, detail: 'the stand-in was ended' });
      }
      throw sealerError(op, id, errorOf(error));
    }
  }
}

let self: ProcessIdentity | undefined;

function own(): ProcessIdentity {
  self ??= identityOf(process.pid);
  if (!self) throw new BeeproError('INTERNAL', { detail: 'this process has no identity' });
  return self;
}

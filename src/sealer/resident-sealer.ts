import type { OpName, OpParams } from './ops.ts';
import { sealerPlace } from './places.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { type Answer, type RequestOptions, SealerClient } from './sealer-client.ts';
import {
  endSealerProcess,
  type RunningSealer,
  type SealerProgram,
  startSealerProcess,
} from './sealer-process.ts';

interface Running {
  readonly running: RunningSealer;
  readonly client: SealerClient;
}

/**
 * One sealer for many requests at a time, started when first needed and again when it has died: for verifying
 * proofs and computing piece commitments, which leave nothing behind. Phases use the pool.
 *
 * ```ts
 * const sealer = new ResidentSealer({ bin }, '/var/lib/beepro/devnet');
 * const { result } = await sealer.request('verify-seal', { … });
 * await sealer.close();
 * ```
 */
export class ResidentSealer {
  readonly #program: SealerProgram;
  readonly #dir: string;
  #current: Promise<Running> | undefined;
  #running: RunningSealer | undefined;

  constructor(program: SealerProgram, dir: string) {
    this.#program = program;
    this.#dir = dir;
  }

  /** @throws BeeproError `SEALER_…` */
  async request<O extends OpName>(op: O, params: OpParams[O], options?: RequestOptions): Promise<Answer<O>> {
    const { client } = await this.#open();
    return client.request(op, params, options);
  }

  /** The process that answers now, once it was needed. */
  get process(): ProcessIdentity | undefined {
    return this.#running?.process;
  }

  /** Ends the process. */
  async close(): Promise<void> {
    const current = await this.#current?.catch(() => undefined);
    this.#current = undefined;
    if (!current) return;
    current.client.close();
    await endSealerProcess(current.running.process);
  }

  async #open(): Promise<Running> {
    for (;;) {
      this.#current ??= this.#start(undefined);
      const attempt = this.#current;
      const current = await attempt.catch((error: unknown) => {
        if (this.#current === attempt) this.#current = undefined;
        throw error;
      });
      if (current.client.usable) return current;
      if (this.#current === attempt) this.#current = this.#start(current.running);
    }
  }

  async #start(
    previous: RunningSealer | undefined,
  ): Promise<{ running: RunningSealer; client: SealerClient }> {
    if (previous) await endSealerProcess(previous.process);
    const place = sealerPlace(this.#dir, `resident-${process.pid}`);
    const running = await startSealerProcess(this.#program, place, 60);
    this.#running = running;
    return { running, client: await SealerClient.connect(place.socket) };
  }
}

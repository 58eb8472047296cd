import { isDeepStrictEqual } from 'node:util';
import type { Progress } from '#sealer';
import { PlayedCrash, PlayedError } from './played-error.ts';
import type { ReplayMachine } from './replay-machine.ts';
import type { RunStore, StoredEnd, StoredRequest } from './run-store.ts';

export interface EndedRun {
  readonly request: StoredRequest;
  readonly end: StoredEnd;
  readonly replayed: boolean;
}

type Listener = (progress: Progress) => void;

interface RunningRun {
  readonly request: StoredRequest;
  readonly listeners: Set<Listener>;
  readonly ended: Promise<EndedRun>;
}

/** The runs of one stand-in process: journalled, idempotent by id and fenced by the host epoch, as the sealer's are. */
export class ReplayRuns {
  readonly #machine: ReplayMachine;
  readonly #store: RunStore;
  readonly #running = new Map<string, RunningRun>();
  readonly #onCrash: () => never;
  #epoch = 0;

  private constructor(machine: ReplayMachine, store: RunStore, onCrash: () => never) {
    this.#machine = machine;
    this.#store = store;
    this.#onCrash = onCrash;
  }

  /** @param onCrash ends the process as a crash of the sealer would */
  static async open(machine: ReplayMachine, store: RunStore, onCrash: () => never): Promise<ReplayRuns> {
    const runs = new ReplayRuns(machine, store, onCrash);
    runs.#epoch = await store.epoch();
    return runs;
  }

  get running(): number {
    return this.#running.size;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** @throws PlayedError `stale_epoch` */
  async checkEpoch(epoch: number): Promise<void> {
    if (epoch < this.#epoch) {
      throw new PlayedError('stale_epoch', `host epoch ${epoch} is stale`, { highest: this.#epoch });
    }
    if (epoch === this.#epoch) return;
    this.#epoch = epoch;
    await this.#store.raiseEpoch(epoch);
  }

  /**
   * Starts the run, joins it, or returns its stored end.
   * @param onAccepted told before anything else, with the time of its start
   * @throws PlayedError `id_conflict`
   */
  async run(
    wanted: { readonly id: string; readonly op: string; readonly params: unknown },
    onAccepted: (startedAt: number) => void,
    onProgress: Listener,
  ): Promise<EndedRun> {
    const { id, op, params } = wanted;
    const known = this.#running.get(id)?.request ?? (await this.#store.request(id));
    if (known && (known.op !== op || !isDeepStrictEqual(known.params, params))) {
      throw new PlayedError('id_conflict', `the id ${id} was used for another request`);
    }
    const joined = await this.#join(id, onAccepted, onProgress);
    if (joined) return joined;
    const request = known ?? { id, op, params, started_at: Date.now() };
    const ended = this.#start(request, !known);
    ended.listeners.add(onProgress);
    onAccepted(request.started_at);
    return ended.ended;
  }

  /** @throws PlayedError `unknown_id`, `interrupted` */
  async attach(id: string, onAccepted: (startedAt: number) => void, onProgress: Listener): Promise<EndedRun> {
    const joined = await this.#join(id, onAccepted, onProgress);
    if (joined) return joined;
    if (await this.#store.request(id))
      throw new PlayedError('interrupted', 'the process died during this run');
    throw new PlayedError('unknown_id', `no such run: ${id}`);
  }

  /** @throws PlayedError `still_running` */
  async forget(id: string): Promise<boolean> {
    if (this.#running.has(id)) throw new PlayedError('still_running', `${id} has not ended`);
    return this.#store.forget(id);
  }

  async list(): Promise<Readonly<Record<string, unknown>>[]> {
    const runs = await Promise.all(
      this.#store.ids().map(async (id) => {
        const request = await this.#store.request(id);
        if (!request) return [];
        const end = await this.#store.end(id);
        const ended = end && ('result' in end ? 'done' : 'failed');
        const state = this.#running.has(id) ? 'running' : (ended ?? 'interrupted');
        const elapsed = end?.elapsed_ms ?? Date.now() - request.started_at;
        return [{ id, op: request.op, state, started_at: request.started_at, elapsed_ms: elapsed }];
      }),
    );
    return runs.flat();
  }

  async #join(
    id: string,
    onAccepted: (startedAt: number) => void,
    onProgress: Listener,
  ): Promise<EndedRun | undefined> {
    const running = this.#running.get(id);
    if (running) {
      running.listeners.add(onProgress);
      onAccepted(running.request.started_at);
      return running.ended;
    }
    const [request, end] = [await this.#store.request(id), await this.#store.end(id)];
    return request && end && { request, end, replayed: true };
  }

  #start(request: StoredRequest, isNew: boolean): RunningRun {
    const listeners = new Set<Listener>();
    const ended = this.#play(request, isNew, listeners).finally(() => this.#running.delete(request.id));
    const run = { request, listeners, ended };
    this.#running.set(request.id, run);
    return run;
  }

  async #play(request: StoredRequest, isNew: boolean, listeners: ReadonlySet<Listener>): Promise<EndedRun> {
    if (isNew) await this.#store.writeRequest(request);
    const began = performance.now();
    const tell = (progress: Progress) => {
      for (const listener of listeners) listener(progress);
    };
    const elapsed = () => Math.round(performance.now() - began);
    let end: StoredEnd;
    try {
      const { id, op, params } = request;
      const result = await this.#machine.run(op, id, params, new AbortController().signal, tell);
      end = { result: { ...result }, elapsed_ms: elapsed() };
    } catch (error) {
      if (error instanceof PlayedCrash) this.#onCrash();
      end = { error: errorOf(error), elapsed_ms: elapsed() };
    }
    await this.#store.writeEnd(request.id, end);
    return { request, end, replayed: false };
  }
}

export function errorOf(error: unknown): Extract<StoredEnd, { error: unknown }>['error'] {
  if (!(error instanceof PlayedError)) return { code: 'panic', message: String(error) };
  const { code, message, data } = error;
  return { code, message, ...(data ? { data: { ...data } } : {}) };
}

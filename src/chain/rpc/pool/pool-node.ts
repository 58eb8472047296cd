import { type ChainNode, parseApiInfo, ValueError } from '#config';
import { BeeproError, type Epoch, readSecret, toBeeproError } from '#core';
import { createNodeTransport } from '../node-transport.ts';
import type { CallOptions, RpcTransport } from '../transport.ts';
import { type Breaker, type BreakerEvent, closedBreaker, nextBreaker } from './breaker.ts';
import { CallQueue, QueueFull } from './call-queue.ts';
import { ExpiringSet } from './expiring-set.ts';
import { breakerEventOf } from './failure.ts';
import type { ChainSchedule, HeadSeen } from './health.ts';
import type { ChainIdentity } from './identity.ts';
import type { MethodTraits } from './method-traits.ts';
import { CallCounter } from './node-metrics.ts';
import { breakerRules, type PoolSettings } from './pool-settings.ts';
import type { NodeVerdict } from './verdict.ts';

/** For how long a node is not asked again for a method that it does not have, in ms. */
const LACKS_METHOD_MS = 600_000;
/** For how long not for one that its token does not allow, in ms: tokens are replaced while all runs. */
const REFUSES_METHOD_MS = 30_000;
/** Tipsets that a node is remembered to have, and for how long it is believed not to have one, in ms. */
const KNOWN_TIPSETS = 5_000;
const LACKS_TIPSET_MS = 5_000;

/** What a call to one node is given besides its parameters. */
export interface NodeCallOptions extends CallOptions {
  readonly timeoutMs: number;
}

/** One node of the pool: its connection, its queue, and what this process knows of it. */
export class PoolNode {
  readonly setting: ChainNode;
  readonly transport: RpcTransport;
  readonly queue: CallQueue;
  readonly counter = new CallCounter();
  readonly lackedMethods = new ExpiringSet(500, LACKS_METHOD_MS);
  /** Methods that its token does not allow. */
  readonly refusedMethods = new ExpiringSet(500, REFUSES_METHOD_MS);
  readonly knownTipSets = new ExpiringSet(KNOWN_TIPSETS, Number.POSITIVE_INFINITY);
  readonly lackedTipSets = new ExpiringSet(KNOWN_TIPSETS, LACKS_TIPSET_MS);
  breaker: Breaker = closedBreaker(performance.now());
  verdict: NodeVerdict = {
    state: 'unknown',
    reason: 'it has not been looked at yet',
    code: undefined,
    lag: undefined,
  };
  /** Since when it has been in rotation, without a break. */
  readySince: number | undefined;
  identity: ChainIdentity | undefined;
  identityAt = Number.NEGATIVE_INFINITY;
  schedule: ChainSchedule | undefined;
  /** Its head at the last look that succeeded. */
  seen: HeadSeen | undefined;
  /** What it said last of its sync. */
  syncing: string | undefined;
  /** The highest head it has told of. */
  height: Epoch | undefined;
  lookedAt = Number.NEGATIVE_INFINITY;
  looking: Promise<void> | undefined;
  /** Why the last look or call failed; undefined when it did not. */
  failure: BeeproError | undefined;
  readonly #settings: PoolSettings;
  readonly #movable = new Set<AbortController>();
  #outOfRotation = new AbortController();
  /** It has been in rotation, and has not left it since. */
  #isServing = false;

  constructor(setting: ChainNode, settings: PoolSettings) {
    this.setting = setting;
    this.#settings = settings;
    this.transport = openTransport(setting);
    this.queue = new CallQueue({
      atOnce: () => settings.get('chain.max_calls'),
      waiting: () => settings.get('chain.max_waiting'),
    });
  }

  get name(): string {
    return this.transport.node;
  }

  get isReady(): boolean {
    return this.verdict.state === 'ready';
  }

  /** Aborts when the node leaves the rotation, or the pool. */
  get whileInRotation(): AbortSignal {
    return this.#outOfRotation.signal;
  }

  /** One call in its turn. @throws BeeproError `CHAIN_…` */
  async ask(
    method: string,
    params: readonly unknown[],
    traits: MethodTraits,
    options: NodeCallOptions,
  ): Promise<unknown> {
    const { timeoutMs, urgent = traits.urgent, signal } = options;
    const abort = new AbortController();
    const relay = () => abort.abort(new BeeproError('CHAIN_CANCELLED', { method }));
    if (signal?.aborted) relay();
    signal?.addEventListener('abort', relay, { once: true });
    if (traits.repeatable) this.#movable.add(abort);
    const busy = () =>
      new BeeproError('CHAIN_BUSY', { node: this.name, method, waiting: this.queue.waiting });
    const patience = setTimeout(() => abort.abort(busy()), timeoutMs);
    const work = async () => {
      clearTimeout(patience);
      return await this.#request(method, params, traits, { timeoutMs, signal: abort.signal });
    };
    try {
      return await this.queue.run(work, { urgent, signal: abort.signal });
    } catch (error) {
      if (abort.signal.aborted) throw abort.signal.reason;
      throw error instanceof QueueFull ? busy() : error;
    } finally {
      clearTimeout(patience);
      signal?.removeEventListener('abort', relay);
      this.#movable.delete(abort);
    }
  }

  /** What a call or look has shown of the node. */
  note(event: BreakerEvent, failure?: BeeproError): void {
    this.failure = failure;
    const now = performance.now();
    this.breaker = nextBreaker(this.breaker, event, breakerRules(this.#settings), now, Math.random());
  }

  /** An answer that came but was none counts like a failed call. */
  noteNonsense(error: BeeproError): void {
    this.note('failed', error);
  }

  /**
   * Does what its verdict asks: when it has left the rotation, whoever follows its head is told, and what may be asked
   * elsewhere is given up here, when there is an elsewhere. Not to have been looked at lately is no leaving.
   */
  follow(hasOthers: boolean): void {
    const { state, reason } = this.verdict;
    if (state === 'ready') this.#isServing = true;
    if (!this.#isServing || state === 'ready' || state === 'unknown') return;
    this.#isServing = false;
    const error = new BeeproError('CHAIN_NODE_OUT', { node: this.name, reason });
    this.#outOfRotation.abort(error);
    this.#outOfRotation = new AbortController();
    if (!hasOthers) return;
    for (const abort of this.#movable) abort.abort(error);
  }

  async close(): Promise<void> {
    this.#outOfRotation.abort(new BeeproError('CHAIN_CANCELLED', { method: 'ChainNotify' }));
    await this.transport.close();
  }

  async #request(
    method: string,
    params: readonly unknown[],
    traits: MethodTraits,
    options: NodeCallOptions,
  ): Promise<unknown> {
    const started = performance.now();
    const end = (error?: BeeproError) => {
      const event = breakerEventOf(error, {
        timeoutMs: options.timeoutMs,
        usualMs: this.#settings.get('chain.timeout'),
        waits: traits.waits,
      });
      if (event === undefined) return;
      const failed = event === 'failed' || event === 'stalled';
      this.counter.count(method, performance.now() - started, failed);
      if (error?.code === 'CHAIN_METHOD_UNKNOWN') this.lackedMethods.add(method, performance.now());
      if (error?.code === 'CHAIN_AUTH_REFUSED') this.refusedMethods.add(method, performance.now());
      this.note(event, failed ? error : undefined);
    };
    try {
      const answer = await this.transport.request(method, params, options);
      end();
      return answer;
    } catch (caught) {
      const error = toBeeproError(caught);
      end(error);
      throw error;
    }
  }
}

function openTransport({ url, token }: ChainNode): RpcTransport {
  if (/^(env|file):/.test(url)) return new ReferencedTransport(url);
  return createNodeTransport({ url, ...(token !== undefined && { token: () => readSecret(token) }) });
}

/** A node whose address is in a secret with its token; read again at each call, so that it may be replaced. */
class ReferencedTransport implements RpcTransport {
  readonly node: string;
  #open: { readonly url: string; readonly transport: RpcTransport } | undefined;
  #token: string | undefined;

  constructor(reference: string) {
    this.node = reference;
  }

  async request(...call: Parameters<RpcTransport['request']>): Promise<unknown> {
    return (await this.#transport()).request(...call);
  }

  async *subscribe(...call: Parameters<RpcTransport['subscribe']>): AsyncGenerator<unknown> {
    yield* (await this.#transport()).subscribe(...call);
  }

  async close(): Promise<void> {
    await this.#open?.transport.close();
  }

  async #transport(): Promise<RpcTransport> {
    const { url, token } = readApiInfo(this.node, await readSecret(this.node));
    this.#token = token;
    if (this.#open?.url !== url) {
      await this.#open?.transport.close();
      this.#open = { url, transport: createNodeTransport({ url, token: () => this.#token }) };
    }
    return this.#open.transport;
  }
}

function readApiInfo(reference: string, secret: string): ReturnType<typeof parseApiInfo> {
  try {
    return parseApiInfo(secret);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new BeeproError('SECRET_UNREADABLE', { reference, detail: error.message });
  }
}

import type { ChainNode } from '#config';
import { BeeproError, isBeeproError } from '#core';
import type { Logger } from '#log';
import { networkPolicy } from '../../policy/index.ts';
import { apiOver, type ChainApi } from '../chain-api.ts';
import { writeJsonText } from '../json-text.ts';
import { readAnswer, readHeadChanges, writeParams } from '../method-caller.ts';
import { LOTUS_METHODS, type LotusMethod } from '../methods.ts';
import type { CallOptions } from '../transport.ts';
import type { HeadChange, TipSet } from '../wire/tipset.ts';
import { AnswerCache, type CacheBounds } from './answer-cache.ts';
import { cachePlan } from './cache-plan.ts';
import type { ChainRecord } from './chain-record.ts';
import { chooseNode, choosePrimary } from './choose.ts';
import { mayAskAnother } from './failure.ts';
import { HealthWatch } from './health-watch.ts';
import { InFlight } from './in-flight.ts';
import { type MethodTraits, traitsOf } from './method-traits.ts';
import { isNextHead, type SeenHead } from './monotone-head.ts';
import { PoolNode } from './pool-node.ts';
import { limitOf, type PoolSettings } from './pool-settings.ts';
import { TipSetHeights } from './tipset-heights.ts';

/** Answers that cannot change, kept in each process. */
const CACHE: CacheBounds = { entries: 20_000, bytes: 32 << 20 };
/** A node named before the one in use is gone back to when it has been in rotation for so long, in ms. */
const STEADY_MS = 60_000;

export interface NodePoolOptions {
  readonly settings: PoolSettings;
  readonly record: ChainRecord;
  readonly log?: Pick<Logger, 'error' | 'warn' | 'info'> | undefined;
}

/** Several nodes: who is asked, and who instead when that fails. The rules are pure functions beside this file. */
export class NodePool {
  readonly cache = new AnswerCache(CACHE);
  readonly watch: HealthWatch;
  readonly #settings: PoolSettings;
  readonly #inFlight = new InFlight();
  readonly #heights = new TipSetHeights();
  readonly #headNode = new WeakMap<TipSet, PoolNode>();
  readonly #apis = new WeakMap<PoolNode, ChainApi>();
  #nodes: readonly PoolNode[] = [];
  #wanted: readonly ChainNode[] | undefined;
  #primary: PoolNode | undefined;
  #head: (SeenHead & { readonly tipSet: TipSet }) | undefined;

  constructor({ settings, record, log }: NodePoolOptions) {
    this.#settings = settings;
    this.watch = new HealthWatch({
      ...{ settings, record, log },
      nodes: () => this.#nodes,
      onHead: (node, key) => node.knownTipSets.add(keyText(key), performance.now()),
      onChange: () => this.#choosePrimary(),
    });
  }

  /** The node that this process looks at the chain through. */
  get primary(): PoolNode | undefined {
    return this.#primary;
  }

  /** The nodes of the present setting; those that are gone from it are closed. @throws BeeproError `CHAIN_NODES_MISSING` */
  open(): readonly PoolNode[] {
    const wanted = this.#settings.get('chain.nodes');
    if (wanted !== this.#wanted) {
      this.#wanted = wanted;
      const old = this.#nodes;
      const isSame = (a: ChainNode, b: ChainNode): boolean => a.url === b.url && a.token === b.token;
      this.#nodes = wanted.map(
        (setting) =>
          old.find((node) => isSame(node.setting, setting)) ?? new PoolNode(setting, this.#settings),
      );
      for (const node of old) if (!this.#nodes.includes(node)) void node.close();
      this.#choosePrimary();
    }
    if (wanted.length === 0) throw new BeeproError('CHAIN_NODES_MISSING');
    return this.#nodes;
  }

  /** In rotation, the one that this process looks at the chain through first. */
  ready(): readonly PoolNode[] {
    this.open();
    this.watch.use();
    this.watch.judge();
    const primary = this.#primary;
    return this.#nodes
      .filter(({ isReady }) => isReady)
      .toSorted((a, b) => Number(b === primary) - Number(a === primary));
  }

  /** @throws BeeproError `CHAIN_NODES_MISSING`, `CHAIN_NODES_OUT`, or why the only node there is cannot be asked */
  async best(): Promise<PoolNode> {
    this.open();
    if (this.ready().length === 0) await this.watch.settled();
    const [best] = this.ready();
    if (!best) throw this.nobody('anything');
    return best;
  }

  /** A call of ours, its answer parsed, of any node that may be asked; `only`: of this one. */
  async call(
    method: LotusMethod,
    params: readonly unknown[],
    options: CallOptions,
    only?: PoolNode,
  ): Promise<unknown> {
    const written = writeParams(method, params);
    const read = (node: PoolNode, answer: unknown): unknown => {
      try {
        const parsed = readAnswer(node.name, method, answer);
        this.#learn(node, method, parsed);
        return parsed;
      } catch (error) {
        if (isBeeproError(error, 'CHAIN_PROTOCOL')) node.noteNonsense(error);
        throw error;
      }
    };
    const timeoutMs = limitOf(options.timeoutMs ?? LOTUS_METHODS[method].timeoutMs, this.#settings);
    const ask = (signal: AbortSignal | undefined, keep?: (answer: unknown, parsed: unknown) => void) =>
      this.#askSome(
        method,
        written,
        { ...options, timeoutMs, ...(signal && { signal }) },
        only,
        (node, answer) => {
          const parsed = read(node, answer);
          keep?.(answer, parsed);
          return parsed;
        },
      );

    const plan = cachePlan(method, written, {
      heightOf: (key) => (key.length > 0 ? this.#heights.get(writeJsonText(key)) : this.#head?.height),
      finality: networkPolicy(this.watch.recorded?.networkVersion ?? 0).chainFinality,
    });
    if (!plan) {
      const answer = await ask(options.signal);
      return method === 'ChainHead' && !only ? this.#nextHead(answer as TipSet) : answer;
    }
    this.open();
    const cached = this.cache.get(plan.key);
    if (cached) return cached.value;
    const keep = (answer: unknown, parsed: unknown) =>
      this.cache.set(plan.key, parsed, writeJsonText(answer).length * 2, plan.ttlMs);
    // One node's own calls are not joined with those that may go to any.
    const key = only ? `${only.setting.url} ${plan.key}` : plan.key;
    const signal = options.signal ?? new AbortController().signal;
    try {
      return await this.#inFlight.share(key, signal, (shared) => ask(shared, keep));
    } catch (error) {
      if (options.signal?.aborted) throw new BeeproError('CHAIN_CANCELLED', { method }, { cause: error });
      throw error;
    }
  }

  /** A call as it goes over the wire, of any method. */
  raw(method: string, params: readonly unknown[], options: CallOptions = {}): Promise<unknown> {
    const timeoutMs = options.timeoutMs ?? this.#settings.get('chain.timeout');
    return this.#askSome(method, params, { ...options, timeoutMs }, undefined, (_node, answer) => answer);
  }

  /** The calls of one node alone. */
  apiOf(node: PoolNode): ChainApi {
    const made = this.#apis.get(node);
    if (made) return made;
    const api = apiOver({
      node: node.name,
      call: (method, params, options) => this.call(method, params, options, node),
      headChanges: (options) => this.#changesOf(node, options),
      // It belongs to the pool.
      close: async () => undefined,
    });
    this.#apis.set(node, api);
    return api;
  }

  /** Changes of the head of the node that the process looks through, until that is out of rotation. */
  async *headChanges(options: CallOptions): AsyncGenerator<readonly HeadChange[]> {
    yield* this.#changesOf(await this.best(), options);
  }

  /** Why nobody can be asked. */
  nobody(method: string): BeeproError {
    const nodes = this.#nodes;
    const [only] = nodes;
    if (nodes.length === 1 && only?.failure && only.verdict.state !== 'foreign') return only.failure;
    if (nodes.length === 1 && only?.verdict.state === 'foreign')
      return new BeeproError('CHAIN_NODE_FOREIGN', { node: only.name, detail: only.verdict.reason });
    const detail = nodes.map(({ name, verdict }) => `${name}: ${verdict.reason || verdict.state}`).join('; ');
    return new BeeproError('CHAIN_NODES_OUT', { method, detail });
  }

  async close(): Promise<void> {
    this.watch.close();
    await Promise.all(this.#nodes.map((node) => node.close()));
    this.#nodes = [];
    this.#wanted = undefined;
    this.#primary = undefined;
  }

  async #askSome(
    method: string,
    params: readonly unknown[],
    options: CallOptions & { readonly timeoutMs: number },
    only: PoolNode | undefined,
    read: (node: PoolNode, answer: unknown) => unknown,
  ): Promise<unknown> {
    const traits = traitsOf(method);
    const key = (traits.keyAt >= 0 ? params[traits.keyAt] : undefined) as
      | readonly unknown[]
      | null
      | undefined;
    const tipSet = key && key.length > 0 ? writeJsonText(key) : undefined;
    const tried = new Set<PoolNode>();
    let failure: unknown;
    for (;;) {
      const node = only ?? (await this.#choose(method, traits, tipSet, tried));
      if (!node) throw failure ?? this.nobody(method);
      try {
        const answer = await node.ask(method, params, traits, options);
        const parsed = read(node, answer);
        if (tipSet !== undefined) node.knownTipSets.add(tipSet, performance.now());
        return parsed;
      } catch (error) {
        failure = error;
        this.watch.judge();
        if (tipSet !== undefined && isBeeproError(error, 'CHAIN_STATE_UNAVAILABLE')) {
          node.knownTipSets.delete(tipSet);
          node.lackedTipSets.add(tipSet, performance.now());
        }
        tried.add(node);
        const spent = tried.size > this.#settings.get('chain.retries');
        if (only || spent || !mayAskAnother(error, traits.repeatable)) throw error;
      }
    }
  }

  async #choose(
    method: string,
    traits: MethodTraits,
    tipSet: string | undefined,
    tried: ReadonlySet<PoolNode>,
  ): Promise<PoolNode | undefined> {
    const nodes = this.open();
    this.watch.use();
    this.watch.judge();
    const isLeft = (node: PoolNode): boolean => !tried.has(node);
    if (!nodes.some((node) => node.isReady && isLeft(node))) await this.watch.settled(isLeft);
    const now = performance.now();
    const candidates = this.#nodes.map((node) => ({
      isInRotation: node.isReady && !tried.has(node),
      lacksMethod: node.lackedMethods.has(method, now) || node.refusedMethods.has(method, now),
      outstanding: node.queue.running + node.queue.waiting,
      latencyMs: node.counter.latencyMs,
      height: node.height,
      knowsTipSet: tipSet === undefined ? undefined : knows(node, tipSet, now),
    }));
    const isPinned = tipSet !== undefined || traits.reach === 'content' || traits.reach === 'constant';
    const question = {
      reach:
        isPinned && !traits.writes && traits.reach !== 'head' ? ('balanced' as const) : ('first' as const),
      height: tipSet === undefined ? undefined : this.#heights.get(tipSet),
      primary: this.#primary ? this.#nodes.indexOf(this.#primary) : -1,
    };
    const index = chooseNode(candidates, question, Math.random);
    if (index !== undefined) return this.#nodes[index];
    // Where all that is left does not have the method, that is the answer; a token may have been replaced since.
    const left = this.#nodes.filter((node) => node.isReady && isLeft(node));
    const refusing = left.find((node) => !node.lackedMethods.has(method, now));
    const [lacking] = left;
    if (!refusing && lacking && tried.size === 0)
      throw new BeeproError('CHAIN_METHOD_UNKNOWN', { node: lacking.name, method });
    return refusing;
  }

  #choosePrimary(): void {
    const nodes = this.#nodes;
    const steadySince = performance.now() - STEADY_MS;
    const candidates = nodes.map((node) => ({
      isInRotation: node.isReady,
      height: node.height,
      isSteady: (node.readySince ?? Number.POSITIVE_INFINITY) <= steadySince,
    }));
    const now = this.#primary ? nodes.indexOf(this.#primary) : -1;
    const next = nodes[choosePrimary(candidates, now, this.#head?.height)];
    // A process that nobody can be asked by keeps whom it had: it may be back.
    if (next || now < 0) this.#primary = next;
  }

  /** What an answer tells of tipsets and of the node's head. */
  #learn(node: PoolNode, method: LotusMethod, answer: unknown): void {
    if (!method.startsWith('ChainGetTipSet') && method !== 'ChainHead') return;
    const tipSet = answer as TipSet;
    const key = keyText(tipSet.cids);
    this.#heights.set(key, tipSet.height);
    node.knownTipSets.add(key, performance.now());
    if (method === 'ChainHead') {
      node.height = tipSet.height;
      this.#headNode.set(tipSet, node);
    }
  }

  /** A head never goes back because another node lags; a reorg of its own node is one. */
  #nextHead(tipSet: TipSet): TipSet {
    const node = this.#headNode.get(tipSet)?.setting.url ?? '';
    const next = { node, height: tipSet.height, at: performance.now(), tipSet };
    const last = this.#head;
    const blockMs = 1_000 * (this.#primary?.schedule?.blockDelay ?? 30);
    if (!isNextHead(last, next, this.#settings.get('chain.max_lag') * blockMs)) return last?.tipSet ?? tipSet;
    this.#head = next;
    return tipSet;
  }

  async *#changesOf(node: PoolNode, options: CallOptions): AsyncGenerator<readonly HeadChange[]> {
    const leaving = node.whileInRotation;
    const signal = options.signal ? AbortSignal.any([options.signal, leaving]) : leaving;
    const release = this.watch.hold();
    try {
      for await (const changes of readHeadChanges(node.transport, { ...options, signal })) {
        const newest = changes.findLast(({ type }) => type !== 'revert')?.val;
        if (newest) this.#learn(node, 'ChainHead', newest);
        yield changes;
      }
    } catch (error) {
      // The caller's own signal is its own doing; that of the rotation is the node's.
      if (leaving.aborted && !options.signal?.aborted) throw leaving.reason;
      throw error;
    } finally {
      release();
    }
  }
}

function knows(node: PoolNode, tipSet: string, now: number): boolean | undefined {
  if (node.knownTipSets.has(tipSet, now)) return true;
  return node.lackedTipSets.has(tipSet, now) ? false : undefined;
}

/** A tipset key as it goes over the wire, as text. */
function keyText(cids: readonly string[]): string {
  return writeJsonText(writeParams('ChainGetTipSet', [cids])[0]);
}

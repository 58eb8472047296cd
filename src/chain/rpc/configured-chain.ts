import type { ChainNode, Settings } from '#config';
import { BeeproError, type ErrorCode, isBeeproError, readSecret } from '#core';
import { type ChainApi, type ChainPool, createChainApi } from './chain-api.ts';
import { SECOND } from './method.ts';
import { createNodeTransport } from './node-transport.ts';
import type { RpcTransport } from './transport.ts';

/** The limit of an ordinary call, which `chain.timeout` replaces; calls that are known to take longer keep theirs. */
const ORDINARY_MS = 30 * SECOND;
/** After so long another attempt is made with the best node, in ms. */
const PREFER_BEST_AFTER_MS = 60 * SECOND;

/** What says something of the node and nothing of the question: the next node may answer it. */
const NODE_FAILURES: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'CHAIN_UNREACHABLE',
  'CHAIN_TIMED_OUT',
  'CHAIN_PROTOCOL',
  'CHAIN_RATE_LIMITED',
  'CHAIN_AUTH_REFUSED',
  'CHAIN_METHOD_UNKNOWN',
]);

/**
 * The nodes of the setting `chain.nodes` as one, with both settings read at each call: the best that answers. All
 * calls go to one node until it fails, since two nodes rarely have the same head.
 */
export function createConfiguredChain(settings: Pick<Settings, 'get'>): ChainPool {
  const transport = new ConfiguredTransport(settings);
  const chain = createChainApi(transport);
  const inRotation = (): readonly ChainApi[] => transport.open().map((node) => node.api);
  const pool: Pick<ChainPool, 'inRotation' | 'onOneNode'> = {
    inRotation,
    onOneNode: (work) => work(transport.best()),
  };
  return Object.assign(chain, pool);
}

interface OpenNode {
  readonly setting: ChainNode;
  readonly transport: RpcTransport;
  /** Calls of this node alone. */
  readonly api: ChainApi;
}

class ConfiguredTransport implements RpcTransport {
  readonly #settings: Pick<Settings, 'get'>;
  #nodes: readonly OpenNode[] = [];
  #current = 0;
  #switchedAt = 0;

  constructor(settings: Pick<Settings, 'get'>) {
    this.#settings = settings;
  }

  get node(): string {
    const node = this.#nodes[this.#current] ?? this.#nodes[0];
    return node?.transport.node ?? 'no node';
  }

  async request(...[method, params, options]: Parameters<RpcTransport['request']>): Promise<unknown> {
    const nodes = this.open();
    const timeoutMs = limitOf(options.timeoutMs, this.#settings.get('chain.timeout'));
    const first = this.#current;
    for (let tried = 0; ; tried += 1) {
      const index = (first + tried) % nodes.length;
      const node = nodes[index];
      if (!node) throw new BeeproError('CHAIN_NODES_MISSING');
      try {
        const answer = await node.transport.request(method, params, { ...options, timeoutMs });
        if (tried > 0) this.#switchTo(nodes, index);
        return answer;
      } catch (error) {
        if (tried + 1 >= nodes.length || !isNodeFailure(error)) throw error;
      }
    }
  }

  subscribe(...[method, params, options]: Parameters<RpcTransport['subscribe']>): AsyncIterable<unknown> {
    const node = this.open()[this.#current];
    if (!node) throw new BeeproError('CHAIN_NODES_MISSING');
    return node.transport.subscribe(method, params, options);
  }

  /** The node that ordinary calls go to now. @throws BeeproError `CHAIN_NODES_MISSING` */
  best(): ChainApi {
    const node = this.open()[this.#current];
    if (!node) throw new BeeproError('CHAIN_NODES_MISSING');
    return node.api;
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => node.transport.close()));
    this.#nodes = [];
  }

  /** The transports of the present setting; those of nodes that are gone from it are closed. */
  open(): readonly OpenNode[] {
    const wanted = this.#settings.get('chain.nodes');
    if (wanted.length === 0) throw new BeeproError('CHAIN_NODES_MISSING');
    const isSame = (a: ChainNode, b: ChainNode): boolean => a.url === b.url && a.token === b.token;
    const old = this.#nodes;
    if (
      wanted.length !== old.length ||
      wanted.some((setting, i) => !old[i] || !isSame(old[i].setting, setting))
    ) {
      this.#nodes = wanted.map(
        (setting) => old.find((node) => isSame(node.setting, setting)) ?? openNode(setting),
      );
      this.#current = 0;
      for (const node of old) if (!this.#nodes.includes(node)) void node.transport.close();
    } else if (this.#current > 0 && performance.now() - this.#switchedAt > PREFER_BEST_AFTER_MS) {
      this.#current = 0;
    }
    return this.#nodes;
  }

  #switchTo(nodes: readonly OpenNode[], index: number): void {
    if (nodes !== this.#nodes) return;
    this.#current = index;
    this.#switchedAt = performance.now();
  }
}

function openNode(setting: ChainNode): OpenNode {
  const { url, token } = setting;
  const transport = createNodeTransport({
    url,
    ...(token !== undefined && { token: () => readSecret(token) }),
  });
  return { setting, transport, api: createChainApi(transport) };
}

function isNodeFailure(error: unknown): boolean {
  return isBeeproError(error) && NODE_FAILURES.has(error.code);
}

function limitOf(askedMs: number, settingMs: number): number {
  if (askedMs === ORDINARY_MS) return settingMs;
  return askedMs > ORDINARY_MS ? Math.max(askedMs, settingMs) : Math.min(askedMs, settingMs);
}

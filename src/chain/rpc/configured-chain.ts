import type { ChainNode } from '#config';
import type { ErrorCode } from '#core';
import { apiOver, type ChainPool } from './chain-api.ts';
import { type ChainRecord, memoryRecord } from './pool/chain-record.ts';
import type { ChainIdentity } from './pool/identity.ts';
import type { NodeMetrics } from './pool/node-metrics.ts';
import { NodePool, type NodePoolOptions } from './pool/node-pool.ts';
import type { PoolNode } from './pool/pool-node.ts';
import type { PoolSettings } from './pool/pool-settings.ts';
import type { NodeState } from './pool/verdict.ts';
import type { CallOptions } from './transport.ts';

/** How this process sees a node. */
export interface NodeView extends NodeMetrics {
  readonly setting: ChainNode;
  /** Host and port. */
  readonly node: string;
  readonly state: NodeState;
  /** Why it is not in rotation, or what is odd about it; empty for a node that is well. */
  readonly reason: string;
  readonly code: ErrorCode | undefined;
  readonly identity: ChainIdentity | undefined;
  /** Its head, and how many epochs that is behind the chain. */
  readonly height: number | undefined;
  readonly lag: number | undefined;
  /** The process looks at the chain through this one. */
  readonly isPrimary: boolean;
  readonly running: number;
  readonly waiting: number;
}

/** The pool of `chain.nodes`, and what it knows of them. */
export interface ConfiguredChain extends ChainPool {
  /** How each node is seen now, in the order of the setting; empty when there is none. */
  nodes(): readonly NodeView[];
  /** Looks at every node now. */
  lookAtNodes(): Promise<readonly NodeView[]>;
  /** A call of any method as it goes over the wire: parameters and answer are Lotus' JSON. */
  raw(method: string, params: readonly unknown[], options?: CallOptions): Promise<unknown>;
}

export interface ConfiguredChainOptions {
  /** Which chain the installation belongs to; without it, the one that its nodes have at the first contact. */
  readonly record?: ChainRecord;
  readonly log?: NodePoolOptions['log'];
}

/** The nodes of the setting `chain.nodes` as one, with settings read at each call. */
export function createConfiguredChain(
  settings: PoolSettings,
  options: ConfiguredChainOptions = {},
): ConfiguredChain {
  const pool = new NodePool({ settings, record: options.record ?? memoryRecord(), log: options.log });
  const chain = apiOver({
    get node() {
      return pool.primary?.name ?? 'no node';
    },
    call: (method, params, callOptions) => pool.call(method, params, callOptions),
    headChanges: (callOptions) => pool.headChanges(callOptions),
    close: () => pool.close(),
  });
  const several: Omit<ConfiguredChain, keyof typeof chain> = {
    onOneNode: async (work) => work(pool.apiOf(await pool.best())),
    inRotation: async () => {
      await pool.best();
      return pool.ready().map((node) => pool.apiOf(node));
    },
    nodes: () => viewsOf(pool),
    lookAtNodes: async () => {
      if (openQuietly(pool)) await pool.watch.lookAtAll();
      return viewsOf(pool);
    },
    raw: (method, params, callOptions) => pool.raw(method, params, callOptions),
  };
  return Object.assign(chain, several);
}

function viewsOf(pool: NodePool): readonly NodeView[] {
  return openQuietly(pool) ? pool.open().map((node) => viewOf(node, pool.primary === node)) : [];
}

/** False when there are no nodes. */
function openQuietly(pool: NodePool): boolean {
  try {
    return pool.open().length > 0;
  } catch {
    return false;
  }
}

function viewOf(node: PoolNode, isPrimary: boolean): NodeView {
  const { setting, name, verdict, identity, height, queue, counter } = node;
  const { state, reason, code, lag } = verdict;
  return {
    ...counter.read(),
    ...{ setting, node: name, state, reason, code, identity, height, lag, isPrimary },
    running: queue.running,
    waiting: queue.waiting,
  };
}

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type ConfiguredChain, createConfiguredChain, type NodeView } from '#chain';
import { isBeeproError } from '#core';
import { FaultyNode, waitFor } from '#testing';
import { startTestDevnet, type TestDevnet } from '../../devnet/test-devnet.ts';
import { changeBySql, IN_FORCE, type Observations, stays } from '../support/observation.ts';
import type { EdgesBench } from './edges.ts';

interface Pool {
  readonly devnet: TestDevnet;
  readonly nodes: readonly FaultyNode[];
  readonly chain: ConfiguredChain;
  /** How the pool sees the node. */
  view(node: FaultyNode | undefined): NodeView;
}

/** A pool of so many nodes before one devnet, with values that let it be looked at quickly. */
async function withPool(
  { database, settings }: EdgesBench,
  count: number,
  work: (pool: Pool) => Promise<void>,
): Promise<void> {
  await using resources = new AsyncDisposableStack();
  const devnet = resources.use(await startTestDevnet());
  const nodes: FaultyNode[] = [];
  for (let i = 0; i < count; i += 1) nodes.push(resources.use(await FaultyNode.start(devnet.devnet.url)));
  await changeBySql(database, 'chain.nodes', nodes.map(({ url }) => url).join(', '));
  await changeBySql(database, 'chain.probe_interval', '100ms');
  await settings.refresh();
  const chain = resources.adopt(createConfiguredChain(settings), (open) => open.close());
  const view = (node: FaultyNode | undefined): NodeView => {
    const found = chain.nodes().find(({ setting }) => setting.url === node?.url);
    if (!found) throw new Error('no such node');
    return found;
  };
  await chain.lookAtNodes();
  try {
    await work({ devnet, nodes, chain, view });
  } finally {
    await database.kysely.deleteFrom('setting').where('name', 'like', 'chain.%').execute();
    await settings.refresh();
  }
}

/** Asks something, so that the nodes are looked at, until the condition holds. */
const usedUntil = (chain: ConfiguredChain, condition: () => boolean) =>
  waitFor(async () => {
    await chain.chainHead().catch(() => undefined);
    return condition();
  }, IN_FORCE);

/** What the chain is asked through many nodes, and how much is borne of each. */
export const CHAIN_POOL: Observations<
  | 'chain.nodes'
  | 'chain.timeout'
  | 'chain.max_lag'
  | 'chain.probe_interval'
  | 'chain.probe_timeout'
  | 'chain.breaker.failures'
  | 'chain.breaker.backoff'
  | 'chain.breaker.max_backoff'
  | 'chain.max_calls'
  | 'chain.max_waiting'
  | 'chain.retries',
  EdgesBench
> = {
  /** From one node to another, each with a token of its own. */
  'chain.nodes': (bench) =>
    withPool(bench, 2, async ({ devnet, nodes: [first, second], chain }) => {
      await changeBySql(bench.database, 'chain.nodes', first?.url ?? '');
      await waitFor(() => chain.nodes().length === 1, IN_FORCE);
      expect(await chain.walletBalance('t01000')).toEqual(expect.any(BigInt));
      expect(second?.count('WalletBalance')).toBe(0);
      const file = join(bench.folder, 'chain-token');
      await writeFile(file, devnet.devnet.token);
      await changeBySql(bench.database, 'chain.nodes', `${second?.url} token=file:${file}`);
      await waitFor(async () => (await chain.walletList()).length > 0, IN_FORCE);
      await changeBySql(bench.database, 'chain.nodes', '');
      await waitFor(async () => {
        const error = await chain.stateNetworkVersion([]).catch((failure: unknown) => failure);
        return isBeeproError(error, 'CHAIN_NODES_MISSING');
      }, IN_FORCE);
    }),

  /** A node that takes a call and never answers. */
  'chain.timeout': (bench) =>
    withPool(bench, 1, async ({ nodes: [node], chain }) => {
      if (!node) return;
      node.fault = 'stall';
      node.only = new Set(['WalletBalance']);
      let hasEnded = false;
      const patient = chain.walletBalance('t01000').catch(() => {
        hasEnded = true;
      });
      await stays('waiting for the node', () => !hasEnded);
      await changeBySql(bench.database, 'chain.timeout', '100ms');
      await waitFor(async () => {
        const ended = await Promise.race([
          chain.walletBalance('t01000').catch((error: unknown) => error),
          new Promise((resolve) => setTimeout(resolve, 1_000)),
        ]);
        return isBeeproError(ended, 'CHAIN_TIMED_OUT') && ended.data.ms === 100;
      }, IN_FORCE);
      await chain.close();
      await patient;
    }),

  /** A node four epochs behind. */
  'chain.max_lag': (bench) =>
    withPool(bench, 3, async ({ devnet, nodes, chain, view }) => {
      await devnet.devnet.control.mine(10);
      const [, , slow] = nodes;
      if (slow) slow.lag = 4;
      await usedUntil(chain, () => view(slow).lag === 4 && view(slow).state === 'ready');
      await changeBySql(bench.database, 'chain.max_lag', '3');
      await usedUntil(chain, () => view(slow).state === 'lagging');
      await changeBySql(bench.database, 'chain.max_lag', '4');
      await usedUntil(chain, () => view(slow).state === 'ready');
    }),

  'chain.probe_interval': (bench) =>
    withPool(bench, 1, async ({ nodes: [node], chain }) => {
      const looks = () => node?.count('NodeStatus') ?? 0;
      const before = looks();
      await usedUntil(chain, () => looks() > before + 2);
      await changeBySql(bench.database, 'chain.probe_interval', '5m');
      await bench.settings.refresh();
      await waitFor(async () => {
        const seen = looks();
        await new Promise((resolve) => setTimeout(resolve, 400));
        return looks() === seen;
      }, IN_FORCE);
    }),

  /** A node that answers a look after 300 ms. */
  'chain.probe_timeout': (bench) =>
    withPool(bench, 2, async ({ nodes: [, slow], chain, view }) => {
      if (slow) slow.delayMs = 300;
      await stays('in rotation', async () => {
        await chain.chainHead();
        return view(slow).state === 'ready';
      });
      await changeBySql(bench.database, 'chain.probe_timeout', '100ms');
      await usedUntil(chain, () => view(slow).state === 'out');
    }),

  /** A node that fails in one kind of call only. */
  'chain.breaker.failures': (bench) =>
    withPool(bench, 1, async ({ nodes: [node], chain, view }) => {
      if (!node) return;
      node.fault = 'bad-gateway';
      node.only = new Set(['WalletBalance']);
      // Looks go well in between, so that ten failures never come in a row.
      await changeBySql(bench.database, 'chain.breaker.failures', '1000');
      await bench.settings.refresh();
      await stays('in rotation', async () => {
        await chain.walletBalance('t01000').catch(() => undefined);
        return view(node).state === 'ready';
      });
      await changeBySql(bench.database, 'chain.breaker.failures', '1');
      await waitFor(async () => {
        await chain.walletBalance('t01000').catch(() => undefined);
        return view(node).state === 'out';
      }, IN_FORCE);
    }),

  /** A node that is back is not asked before its wait is over. */
  'chain.breaker.backoff': (bench) =>
    withPool(bench, 2, async ({ nodes: [, node], chain, view }) => {
      await changeBySql(bench.database, 'chain.breaker.backoff', '10m');
      await bench.settings.refresh();
      if (node) node.fault = 'refuse';
      await usedUntil(chain, () => view(node).state === 'out');
      if (node) node.fault = 'none';
      await stays('out', async () => {
        await chain.chainHead();
        return view(node).state === 'out';
      });
      await changeBySql(bench.database, 'chain.breaker.backoff', '10ms');
      await usedUntil(chain, () => view(node).state === 'ready');
    }),

  /** Failed looks double the wait, which is soon longer than anybody watches. */
  'chain.breaker.max_backoff': (bench) =>
    withPool(bench, 2, async ({ nodes: [, node], chain }) => {
      await changeBySql(bench.database, 'chain.breaker.backoff', '100ms');
      await bench.settings.refresh();
      if (node) node.fault = 'refuse';
      const refused = () => node?.refused ?? 0;
      await waitFor(async () => {
        await chain.chainHead();
        const seen = refused();
        await new Promise((resolve) => setTimeout(resolve, 700));
        return seen > 0 && refused() === seen;
      }, IN_FORCE);
      const before = refused();
      await changeBySql(bench.database, 'chain.breaker.max_backoff', '100ms');
      await usedUntil(chain, () => refused() > before + 20);
    }),

  'chain.max_calls': (bench) =>
    withPool(bench, 1, async ({ nodes: [node], chain, view }) => {
      if (node) node.delayMs = 200;
      const most = async () => {
        const calls = Array.from({ length: 8 }, () => chain.walletBalance('t01000').catch(() => 0n));
        await waitFor(() => view(node).running > 0);
        const { running } = view(node);
        await Promise.all(calls);
        return running;
      };
      expect(await most()).toBe(8);
      await changeBySql(bench.database, 'chain.max_calls', '2');
      await waitFor(async () => (await most()) === 2, IN_FORCE);
    }),

  'chain.max_waiting': (bench) =>
    withPool(bench, 1, async ({ nodes: [node], chain }) => {
      await changeBySql(bench.database, 'chain.max_calls', '1');
      await bench.settings.refresh();
      if (node) node.delayMs = 50;
      const refused = async () => {
        const calls = Array.from({ length: 6 }, () =>
          chain.walletBalance('t01000').catch((error: unknown) => error),
        );
        return (await Promise.all(calls)).filter((answer) => isBeeproError(answer, 'CHAIN_BUSY')).length;
      };
      expect(await refused()).toBe(0);
      await changeBySql(bench.database, 'chain.max_waiting', '2');
      await waitFor(async () => (await refused()) === 3, IN_FORCE);
    }),

  /** Three nodes of which two fail in one kind of call. */
  'chain.retries': (bench) =>
    withPool(bench, 3, async ({ nodes, chain }) => {
      for (const node of nodes.slice(0, 2)) {
        node.fault = 'bad-gateway';
        node.only = new Set(['WalletBalance']);
      }
      await changeBySql(bench.database, 'chain.breaker.failures', '1000');
      await bench.settings.refresh();
      expect(await chain.walletBalance('t01000')).toEqual(expect.any(BigInt));
      await changeBySql(bench.database, 'chain.retries', '1');
      await waitFor(async () => {
        const error = await chain.walletBalance('t01000').catch((failure: unknown) => failure);
        return isBeeproError(error, 'CHAIN_PROTOCOL');
      }, IN_FORCE);
    }),
};

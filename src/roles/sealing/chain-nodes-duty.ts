import type { ConfiguredChain, NodeView } from '#chain';
import { saveChainNodes } from '#db';
import type { SealingModules } from './modules.ts';
import type { ExtraDuty } from './start-sealing.ts';

/** How many of the newest looks are kept for the page's curves. */
const RECENT = 60;

type Modules = Pick<SealingModules, 'db' | 'settings'> & { readonly chain: ConfiguredChain };
type Point = readonly [lag: number | null, latencyMs: number | null, errorRate: number];

/** Writes how this process sees each node, for the page and `beepro chain nodes`; nothing is decided from it. */
export function chainNodesDuty(modules: Modules): ExtraDuty {
  const recent = new Map<string, readonly Point[]>();
  return {
    name: 'chain-nodes',
    intervalMs: () => modules.settings.get('chain.probe_interval'),
    pass: async () => {
      const known = modules.chain.nodes();
      const nodes = known.some(({ state }) => state === 'unknown')
        ? await modules.chain.lookAtNodes()
        : known;
      for (const url of recent.keys())
        if (!nodes.some(({ setting }) => setting.url === url)) recent.delete(url);
      for (const { setting, lag, latencyMs, errorRate } of nodes) {
        const point: Point = [
          lag ?? null,
          latencyMs === undefined ? null : round(latencyMs),
          round(errorRate),
        ];
        recent.set(setting.url, [...(recent.get(setting.url) ?? []), point].slice(-RECENT));
      }
      const rows = nodes.map((node, position) => rowOf(node, position, recent.get(node.setting.url) ?? []));
      await saveChainNodes(modules.db.kysely, rows);
    },
  };
}

function rowOf(node: NodeView, position: number, recent: readonly Point[]) {
  const { setting, state, reason, code, identity, height, lag, latencyMs, errorRate, calls, errors } = node;
  return {
    ...{ url: setting.url, node: node.node, position, state, reason, error_code: code ?? null },
    ...{ network_name: identity?.networkName ?? null, network_version: identity?.networkVersion ?? null },
    ...{ height: height ?? null, lag: lag ?? null, latency_ms: latencyMs ?? null, error_rate: errorRate },
    ...{ calls, errors, recent },
  };
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

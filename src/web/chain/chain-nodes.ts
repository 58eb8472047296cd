import type { Settings } from '#config';
import { type ChainNodeRow, type Executor, findChainIdentity, listChainNodes, readServerTime } from '#db';

export type ChainPageSettings = Pick<Settings, 'get'>;

/** What `/api/chain` answers. Times are ms. */
export interface ChainNodes {
  readonly at: string;
  /** The chain that this installation belongs to; null before the first contact. */
  readonly chain: { readonly network: string; readonly version: number; readonly genesis: string } | null;
  /** Epochs that a node may be behind. */
  readonly maxLag: number;
  /** In the order of the setting. */
  readonly nodes: readonly ShownNode[];
}

export interface ShownNode {
  readonly node: string;
  readonly url: string;
  /** As the coordinator saw it; `silent` when it has said nothing of it lately. */
  readonly state: string;
  readonly reason: string;
  readonly code: string | null;
  readonly height: number | null;
  readonly lag: number | null;
  readonly latencyMs: number | null;
  readonly errorRate: number;
  readonly calls: number;
  readonly errors: number;
  /** The oldest first: `[lag, latency in ms, error rate]`. */
  readonly recent: ChainNodeRow['recent'];
  readonly ageMs: number | null;
}

/** The coordinator writes at each look; after so many that did not come it is silent. */
const MISSED_LOOKS = 5;
const LEAST_SILENCE_MS = 15_000;

export async function readChainNodes(db: Executor, settings: ChainPageSettings): Promise<ChainNodes> {
  const [rows, recorded, now] = await Promise.all([
    listChainNodes(db),
    findChainIdentity(db),
    readServerTime(db),
  ]);
  const silentMs = Math.max(LEAST_SILENCE_MS, MISSED_LOOKS * settings.get('chain.probe_interval'));
  return {
    at: now.toISOString(),
    chain: recorded
      ? { network: recorded.network_name, version: recorded.network_version, genesis: recorded.genesis_cid }
      : null,
    maxLag: settings.get('chain.max_lag'),
    nodes: settings.get('chain.nodes').map(({ url }) => {
      const row = rows.find((one) => one.url === url);
      return row ? seenNode(row, silentMs) : unseenNode(url);
    }),
  };
}

function seenNode(row: ChainNodeRow, silentMs: number): ShownNode {
  const isSilent = row.ageMs > silentMs;
  return {
    ...{ node: row.node, url: row.url, code: row.error_code, height: row.height, lag: row.lag },
    state: isSilent ? 'silent' : row.state,
    reason: isSilent
      ? 'no coordinator has said anything of it lately: does the sealing role run?'
      : row.reason,
    latencyMs: row.latency_ms,
    errorRate: row.error_rate,
    ...{ calls: row.calls, errors: row.errors, recent: row.recent, ageMs: row.ageMs },
  };
}

function unseenNode(url: string): ShownNode {
  return {
    node: URL.canParse(url) && /^(http|ws)/.test(url) ? new URL(url).host : url,
    ...{ url, state: 'unseen', reason: 'no coordinator has looked at it yet', code: null },
    ...{
      height: null,
      lag: null,
      latencyMs: null,
      errorRate: 0,
      calls: 0,
      errors: 0,
      recent: [],
      ageMs: null,
    },
  };
}

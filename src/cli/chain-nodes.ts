import type { NodeView } from '#chain';
import { type ChainNodeRow, findChainIdentity, listChainNodes } from '#db';
import { type JsonOption, printLine, printRows } from './command-io.ts';
import type { CliContext } from './context.ts';
import { formatDuration, toJson } from './output/index.ts';

/** A coordinator's word that is older is no longer how it is, in ms. */
const STALE_MS = 60_000;

/** How each node is seen from here, and by the coordinator. */
export async function showNodes(context: CliContext, options: JsonOption): Promise<void> {
  const chain = await context.chain();
  const db = context.database.kysely;
  const [here, rows] = [await chain.lookAtNodes(), await listChainNodes(db)];
  const recorded = await findChainIdentity(db);
  const nodes = here.map((view) => ({ view, row: rows.find(({ url }) => url === view.setting.url) }));
  if (options.json) {
    const json = nodes.map(({ view, row }) => ({ ...view, coordinator: row ?? null }));
    printLine(toJson({ recorded: recorded ?? null, nodes: json }));
    return;
  }
  printRows(
    nodes,
    [
      { title: 'NODE', value: ({ view }) => `${view.node}${view.isPrimary ? ' *' : ''}` },
      { title: 'STATE', value: ({ view }) => view.state },
      { title: 'HEAD', value: ({ view }) => view.height, align: 'right' },
      { title: 'LAG', value: ({ view }) => view.lag, align: 'right' },
      { title: 'LATENCY', value: ({ view }) => latency(view.latencyMs), align: 'right' },
      { title: 'COORDINATOR', value: ({ row }) => (row ? seenBy(row) : 'has not seen it') },
      { title: 'LATENCY', value: ({ row }) => latency(row?.latency_ms), align: 'right' },
      { title: 'ERRORS', value: ({ row }) => (row ? percent(row.error_rate) : null), align: 'right' },
      { title: 'WHY', value: ({ view, row }) => why(view, row) },
    ],
    {
      ...options,
      fit: true,
      none: 'No node yet. Add one with: beepro chain add http://HOST:1234/rpc/v1 --token file:/PATH',
    },
  );
  if (nodes.length === 0) return;
  printLine('');
  printLine(
    recorded
      ? `This installation belongs to ${recorded.network_name} (network version ${recorded.network_version}, genesis ${recorded.genesis_cid}).`
      : 'No chain is recorded yet: the first contact with a node does it.',
  );
}

function seenBy(row: ChainNodeRow): string {
  return row.ageMs > STALE_MS ? `${row.state}, ${formatDuration(row.ageMs)} ago` : row.state;
}

function why(view: NodeView, row: ChainNodeRow | undefined): string {
  const code = view.code ?? row?.error_code;
  const reason = view.reason || row?.reason || '';
  return code && reason ? `${code}: ${reason}` : reason;
}

function latency(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}

import { createConfiguredChain, databaseRecord, type NodeView } from '#chain';
import { type ChainNode, formatSettingValue, parseSettingValue, type Settings, setSetting } from '#config';
import { BeeproError } from '#core';
import { findChainIdentity, forgetChainIdentity } from '#db';
import { operator } from './arguments.ts';
import { type JsonOption, printDone, printFacts, printLine } from './command-io.ts';
import type { CliContext } from './context.ts';

/** A change is made of what stands now; when somebody else was faster, of what stands then, so many times. */
const TRIES = 5;

export interface AddCommand extends JsonOption {
  readonly token?: string;
  readonly first?: boolean;
  readonly force?: boolean;
}

type Change = (nodes: readonly ChainNode[]) => readonly ChainNode[];

/** @throws BeeproError `SETTING_VALUE_INVALID`, `CHAIN_…` when the node is not well and `force` does not say so */
export async function addNode(context: CliContext, address: string, options: AddCommand): Promise<void> {
  const text = options.token === undefined ? address : `${address} token=${options.token}`;
  const [node, more] = parseSettingValue('chain.nodes', text);
  if (!node || more) throw new BeeproError('INPUT_INVALID', { what: 'The address', detail: 'give one node' });
  const view = await lookAt(context, node);
  if (!options.force) requireWell(view);
  const others = (nodes: readonly ChainNode[]) => nodes.filter(({ url }) => url !== node.url);
  const nodes = await changeNodes(context, (old) =>
    options.first ? [node, ...others(old)] : [...others(old), node],
  );
  const what = view.height === undefined ? `not reached (${view.reason})` : `at height ${view.height}`;
  printDone(`${view.node} is one of ${nodes.length} nodes; ${what}.`, { node: view, nodes }, options);
}

/** @throws BeeproError `NOT_FOUND` */
export async function removeNode(context: CliContext, name: string, options: JsonOption): Promise<void> {
  const isMeant = ({ url }: ChainNode): boolean =>
    url === name || hostOf(url) === name || isSameAddress(url, name);
  let removed: ChainNode | undefined;
  const nodes = await changeNodes(context, (old) => {
    removed = old.find(isMeant);
    if (!removed) throw new BeeproError('NOT_FOUND', { what: 'node', name });
    return old.filter((node) => node !== removed);
  });
  const left = nodes.length === 0 ? 'No node is left: nothing can be sealed.' : `${nodes.length} are left.`;
  printDone(`${removed?.url} is asked nothing more. ${left}`, { removed, nodes }, options);
}

export async function forgetChain(
  context: CliContext,
  options: JsonOption & { readonly yes?: boolean },
): Promise<void> {
  const db = context.database.kysely;
  const recorded = await findChainIdentity(db);
  if (!recorded) return printDone('No chain is recorded.', { forgotten: false }, options);
  if (!options.yes) {
    printFacts({ ...recorded }, options);
    if (!options.json) printLine('\nNothing was changed. Give --yes to forget it.');
    return;
  }
  await forgetChainIdentity(db);
  const sentence = `${recorded.network_name} is forgotten. The next contact with the nodes records what they serve then.`;
  printDone(sentence, { forgotten: true, was: recorded }, options);
}

async function changeNodes(context: CliContext, change: Change): Promise<readonly ChainNode[]> {
  const settings = await context.settings();
  const wake = await context.wake();
  let text = textOf(settings);
  for (let tries = 1; ; tries += 1) {
    const nodes = change(parseSettingValue('chain.nodes', text));
    const value = formatSettingValue('chain.nodes', nodes);
    const request = { name: 'chain.nodes', value, who: operator() };
    const changed = await setSetting(context.database, request, wake);
    const old = changed?.oldValue ?? '';
    if (!changed || old === text || tries === TRIES) return nodes;
    text = old;
  }
}

function textOf(settings: Settings): string {
  return settings.explain('chain.nodes').text;
}

/** A look at a node before it is one of ours. */
async function lookAt(context: CliContext, node: ChainNode): Promise<NodeView> {
  const settings = await context.settings();
  const get = ((name, scope) =>
    name === 'chain.nodes' ? [node] : settings.get(name, scope)) as Settings['get'];
  const alone = createConfiguredChain({ get }, { record: databaseRecord(context.database) });
  try {
    const [view] = await alone.lookAtNodes();
    if (!view) throw new BeeproError('CHAIN_NODES_MISSING');
    return view;
  } finally {
    await alone.close();
  }
}

function requireWell({ node, state, reason }: NodeView): void {
  if (state === 'foreign') throw new BeeproError('CHAIN_NODE_FOREIGN', { node, detail: reason });
  if (state !== 'ready' && state !== 'lagging') throw new BeeproError('CHAIN_NODE_OUT', { node, reason });
}

function hostOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).host : undefined;
}

function isSameAddress(url: string, address: string): boolean {
  try {
    return parseSettingValue('chain.nodes', address)[0]?.url === url;
  } catch {
    return false; // a name, then, or nonsense: no node has it
  }
}

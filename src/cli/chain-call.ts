import { LOTUS_METHODS, type LotusMethod, parseJsonText, traitsOf, writeJsonText } from '#chain';
import { BeeproError } from '#core';
import { type JsonOption, printFacts, printLine } from './command-io.ts';
import type { CliContext } from './context.ts';
import { formatDuration } from './output/index.ts';

export interface CallCommand extends JsonOption {
  readonly write?: boolean;
  /** ms. */
  readonly timeout?: number;
}

export async function showHead(context: CliContext, options: JsonOption): Promise<void> {
  const chain = await context.chain();
  const facts = await chain.onOneNode(async (node) => {
    const head = await node.chainHead();
    const [network, version] = await Promise.all([
      node.stateNetworkName(),
      node.stateNetworkVersion(head.cids),
    ]);
    const [block] = head.blocks;
    return { node: node.node, network, version, head, block };
  });
  const { head, block } = facts;
  const ageMs = block ? Date.now() - block.timestamp * 1_000 : undefined;
  const age = ageMs === undefined ? undefined : formatDuration(Math.max(0, ageMs));
  printFacts(
    {
      ...{ height: head.height, node: facts.node, network: facts.network, version: facts.version },
      timestamp: block ? new Date(block.timestamp * 1_000) : undefined,
      age: options.json ? ageMs : age,
      blocks: head.blocks.length,
      base_fee: block?.parentBaseFee.toString(),
      key: options.json ? head.cids : head.cids.join(' '),
    },
    options,
  );
}

/** @throws BeeproError `CHAIN_CALL_WRITES` unless `--write` says that it may */
export async function callMethod(
  context: CliContext,
  name: string,
  words: readonly string[],
  options: CallCommand,
): Promise<void> {
  const method = name.replace(/^Filecoin\./, '');
  if (traitsOf(method).writes && !options.write) throw new BeeproError('CHAIN_CALL_WRITES', { method });
  const params = words.map(readWord);
  // A tipset key at the end may be left out: it means the node's head.
  const known: readonly unknown[] | undefined = LOTUS_METHODS[method as LotusMethod]?.params;
  if (known && params.length === known.length - 1 && traitsOf(method).keyAt === known.length - 1)
    params.push([]);
  const chain = await context.chain();
  const answer = await chain.raw(method, params, options.timeout ? { timeoutMs: options.timeout } : {});
  printLine(options.json ? writeJsonText(answer) : pretty(answer));
}

function readWord(word: string): unknown {
  try {
    return parseJsonText(word);
  } catch {
    return word;
  }
}

/** Indented, with numbers beyond 2^53 kept exact. */
function pretty(answer: unknown): string {
  const exact = (_key: string, value: unknown) =>
    typeof value === 'bigint' ? JSON.rawJSON(value.toString()) : value;
  return typeof answer === 'string' ? answer : JSON.stringify(answer, exact, 2);
}

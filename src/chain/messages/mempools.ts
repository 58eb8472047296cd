import type { AddressString } from '#core';
import { type FlightRow, type MessageNodeRow, markSeen } from '#db';
import type { ChainApi } from '../rpc/index.ts';
import type { MessageModules } from './context.ts';
import { pushAgain } from './push.ts';

/** When the mempools were last asked about each sender, by the database's clock. */
export class MempoolLooks {
  readonly #at = new Map<AddressString, number>();

  /** A sender is asked about when a message of it has not been seen anywhere, or a node owes one, or from time to time. */
  isDue(from: AddressString, now: Date, everyMs: number): boolean {
    return now.getTime() - (this.#at.get(from) ?? 0) >= everyMs;
  }

  looked(from: AddressString, now: Date): void {
    this.#at.set(from, now.getTime());
  }
}

/** What each node's mempool says is the sender's next nonce; a node that does not answer is left out. */
export async function askMempools(
  nodes: readonly ChainApi[],
  from: AddressString,
): Promise<ReadonlyMap<ChainApi, number>> {
  const answers = await Promise.allSettled(nodes.map((node) => node.mpoolGetNonce(from)));
  const known = new Map<ChainApi, number>();
  for (const [index, answer] of answers.entries()) {
    const node = nodes[index];
    if (node && answer.status === 'fulfilled') known.set(node, answer.value);
  }
  return known;
}

/**
 * Messages of one sender that are out: one call a node tells which of them its mempool has come to. Those are seen;
 * what a node has lost, or never got, it is given again.
 */
export async function lookInMempools(
  modules: MessageModules,
  from: AddressString,
  out: readonly FlightRow[],
  known: readonly MessageNodeRow[],
  answers: ReadonlyMap<ChainApi, number>,
  now: Date,
): Promise<void> {
  const highest = Math.max(0, ...answers.values());
  const isUnseen = (row: FlightRow) => row.seen_at === null || row.pushed_at === null;
  if (out.some((row) => isUnseen(row) && (row.nonce ?? 0) < highest))
    await markSeen(modules.db.kysely, from, highest);
  for (const row of out) {
    const nodes: ChainApi[] = [];
    const before = known.filter((record) => record.message_id === row.id && record.cid === row.cid);
    for (const [node, next] of answers) {
      const record = before.find((entry) => entry.node === node.node);
      if (!lacksIt(row, record, next, now)) continue;
      nodes.push(node);
    }
    if (nodes.length > 0) await pushAgain(modules, row, nodes, before);
  }
}

/** The node's next nonce is not beyond the message's, or it refused it and is to be tried again. */
export function lacksIt(
  row: Pick<FlightRow, 'nonce'>,
  record: Pick<MessageNodeRow, 'has_it' | 'not_before'> | undefined,
  next: number,
  now: Date,
): boolean {
  if (record?.has_it) return next <= (row.nonce ?? 0);
  return record?.not_before == null || record.not_before.getTime() <= now.getTime();
}

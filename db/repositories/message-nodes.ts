import type { Selectable } from 'kysely';
import type { CidString } from '#core';
import type { Executor } from '../database.ts';
import type { MessageNodeTable } from '../schema/index.ts';
import { serverTimeIn } from './server-time.ts';

export type MessageNodeRow = Selectable<MessageNodeTable>;

/** The node has this version. */
export async function recordHolder(
  executor: Executor,
  messageId: number,
  node: string,
  cid: CidString,
): Promise<void> {
  const has = { cid, has_it: true, tries: 0, not_before: null, error_code: null };
  await executor
    .insertInto('message_node')
    .values({ message_id: messageId, node, ...has })
    .onDuplicateKeyUpdate(has)
    .execute();
}

/** The node has it not, or no more; it is told again after `pauseMs`, counted in `tries`. */
export async function recordRefusal(
  executor: Executor,
  refusal: {
    readonly messageId: number;
    readonly node: string;
    readonly cid: CidString;
    readonly tries: number;
    readonly pauseMs: number;
    readonly code: string;
  },
): Promise<void> {
  const { messageId, node, cid, tries, pauseMs, code } = refusal;
  const lacks = { cid, has_it: false, tries, not_before: serverTimeIn(pauseMs), error_code: code };
  await executor
    .insertInto('message_node')
    .values({ message_id: messageId, node, ...lacks })
    .onDuplicateKeyUpdate(lacks)
    .execute();
}

export async function listMessageNodes(executor: Executor, messageId: number): Promise<MessageNodeRow[]> {
  return executor
    .selectFrom('message_node')
    .selectAll()
    .where('message_id', '=', messageId)
    .orderBy('node')
    .execute();
}

/** What every node is known to have of the messages that are pushed and not on chain. */
export async function listNodesOfPushed(executor: Executor): Promise<MessageNodeRow[]> {
  return executor
    .selectFrom('message')
    .innerJoin('message_node', 'message_node.message_id', 'message.id')
    .selectAll('message_node')
    .where('message.state', '=', 'pushed')
    .execute();
}

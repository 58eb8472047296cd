import { type Epoch, inTurn } from '#core';
import {
  findMessage,
  listMessages,
  listSenders,
  type MessageRow,
  raiseNextNonce,
  readServerTime,
  transaction,
} from '#db';
import type { MessageModules } from './context.ts';
import { prepareMessage } from './prepare.ts';
import { pushMessage } from './push.ts';
import { signAndStore } from './sign.ts';
import { watchMessage } from './watch.ts';

const PAGE = 200;

/**
 * Moves every message one step or more towards finality. Everything it knows is in the rows, so it may be stopped
 * and started at any point; two at once are harmless, one is enough.
 *
 * @example
 * const pump = createMessagePump(modules);
 * await pump.reconcile();
 * await pump.advance(head.height);
 */
export interface MessagePump {
  /** Before anything is signed: the senders' counters are never below what the chain has seen. */
  reconcile(): Promise<void>;
  /** Sends what can be sent: intent → nonce → signed → pushed. Returns how many messages moved. */
  send(signal?: AbortSignal): Promise<number>;
  /** Looks where the pushed and landed ones stand on the chain whose head is at `head`. */
  watch(head: Epoch, signal?: AbortSignal): Promise<void>;
}

export function createMessagePump(modules: MessageModules): MessagePump {
  return {
    reconcile: () => reconcile(modules),
    send: (signal) => send(modules, signal),
    watch: (head, signal) => watch(modules, head, signal),
  };
}

async function reconcile(modules: MessageModules): Promise<void> {
  await inTurn(await listSenders(modules.db.kysely), async ({ address }) => {
    const onChain = await modules.chain.mpoolGetNonce(address);
    await transaction(modules.db, (trx) => raiseNextNonce(trx, address, onChain));
  });
}

async function send(modules: MessageModules, signal?: AbortSignal): Promise<number> {
  let moved = 0;
  // Nonces in their order: what has a nonce already goes before what has none.
  const states = ['signed', 'nonce', 'intent'] as const;
  await inTurn(states, async (state) => {
    const rows = await dueMessages(modules, [state]);
    const one = async (row: MessageRow) => {
      if (await sendOne(modules, row)) moved += 1;
    };
    await inTurn(rows, one, signal);
  });
  return moved;
}

/** As far as it goes in one breath; true when it moved at all. */
async function sendOne(modules: MessageModules, row: MessageRow): Promise<boolean> {
  let current: MessageRow | undefined = row;
  let moved = false;
  while (current) {
    const before: MessageRow = current;
    if (before.state === 'intent') await prepareMessage(modules, before);
    else if (before.state === 'nonce') await signAndStore(modules, before);
    else if (before.state === 'signed') await pushMessage(modules, before);
    else break;
    current = await findMessage(modules.db.kysely, before.id);
    if (current?.state === before.state) break;
    moved = true;
  }
  return moved;
}

async function watch(modules: MessageModules, head: Epoch, signal?: AbortSignal): Promise<void> {
  const at = { head, now: await readServerTime(modules.db.kysely) };
  const rows = await dueMessages(modules, ['pushed', 'landed']);
  await inTurn(rows, (row) => watchMessage(modules, row, at), signal);
}

async function dueMessages(
  modules: MessageModules,
  states: readonly MessageRow['state'][],
): Promise<MessageRow[]> {
  const all: MessageRow[] = [];
  for (let afterId = 0; ; ) {
    const page = await listMessages(modules.db.kysely, { states, isDue: true, afterId, limit: PAGE });
    all.push(...page);
    const last = page.at(-1);
    if (!last || page.length < PAGE) return all;
    afterId = last.id;
  }
}

import { type AddressString, BeeproError, inTurn } from '#core';
import {
  type FlightRow,
  findMessage,
  listDueIntents,
  listFlights,
  listSenders,
  patchMessage,
  readServerTime,
  reservedFunds,
} from '#db';
import type { ChainApi } from '../rpc/index.ts';
import { accountFor } from './accounts.ts';
import { prepareCancel } from './cancel.ts';
import type { MessageModules } from './context.ts';
import type { Market } from './market.ts';
import { PumpMemory } from './memory.ts';
import { prepareMessage, type SenderPass } from './prepare.ts';
import { pushMessage } from './push.ts';
import { reasonOf, setBack } from './setback.ts';
import { signAndStore } from './sign.ts';
import { watchMessages } from './watch.ts';

/** Intents that one pass takes up; the most pressing come first, the others with the next. */
const INTENTS = 1_000;

/**
 * Moves every message one step or more towards finality. Everything that matters is in the rows, so it may be stopped
 * and started at any point; two at once are harmless, one is enough.
 *
 * @example
 * const pump = createMessagePump(modules);
 * await pump.reconcile();
 * await pump.watch();
 * await pump.send();
 */
export interface MessagePump {
  /** Before anything is signed: every nonce that a known sender has used is accounted for. */
  reconcile(): Promise<void>;
  /** Sends what can be sent: intent → nonce → signed → pushed. Returns how many messages moved. */
  send(signal?: AbortSignal): Promise<number>;
  /** Looks where those that have a nonce stand on the chain and in the mempools. */
  watch(signal?: AbortSignal): Promise<void>;
}

export function createMessagePump(modules: MessageModules): MessagePump {
  const memory = new PumpMemory();
  return {
    reconcile: () => reconcile(modules, memory),
    send: (signal) => send(modules, memory, signal),
    watch: (signal) => watchMessages(modules, memory, signal),
  };
}

async function reconcile(modules: MessageModules, memory: PumpMemory): Promise<void> {
  const senders = await listSenders(modules.db.kysely);
  await modules.chain.onOneNode(async (node) => {
    const head = await node.chainHead();
    const at = { head: head.height, key: head.cids, timestamp: head.blocks[0]?.timestamp ?? 0 };
    await inTurn(senders, ({ address }) => accountFor(modules, memory.book, node, at, address));
  });
}

async function send(modules: MessageModules, memory: PumpMemory, signal?: AbortSignal): Promise<number> {
  let moved = 0;
  const one = async (row: FlightRow) => {
    if (await sendOne(modules, row)) moved += 1;
  };
  // Nonces in their order: what has a nonce already goes before what has none.
  await freeNonces(modules, memory, await dueFlights(modules), signal);
  const open = (await dueFlights(modules)).filter(({ state }) => state === 'nonce' || state === 'signed');
  await inTurn(open, one, signal);
  const intents = await listDueIntents(modules.db.kysely, INTENTS);
  const bySender = [...Map.groupBy(intents, (row) => row.from_address)];
  await inTurn(
    bySender,
    async ([from, rows]) => {
      moved += await sendIntents(modules, memory, from, rows, signal);
    },
    signal,
  );
  return moved;
}

async function dueFlights(modules: MessageModules): Promise<FlightRow[]> {
  const now = await readServerTime(modules.db.kysely);
  return (await listFlights(modules.db.kysely)).filter(
    ({ not_before }) => not_before === null || not_before.getTime() <= now.getTime(),
  );
}

/** Messages whose nonce is to be freed get what frees it; they are signed and pushed with all others. */
async function freeNonces(
  modules: MessageModules,
  memory: PumpMemory,
  flights: readonly FlightRow[],
  signal?: AbortSignal,
): Promise<void> {
  const cancelling = flights.filter(
    (row) => row.cancel_code !== null && !row.signs_cancel && row.state !== 'landed',
  );
  const [first] = cancelling;
  if (!first) return;
  await modules.chain.onOneNode(async (node) => {
    const market = await memory.market.read(node, first.from_address);
    await inTurn(cancelling, (row) => prepareCancel(modules, node, market, row), signal);
  });
}

async function sendIntents(
  modules: MessageModules,
  memory: PumpMemory,
  from: AddressString,
  intents: readonly FlightRow[],
  signal?: AbortSignal,
): Promise<number> {
  let moved = 0;
  try {
    await modules.chain.onOneNode(async (node) => {
      const market = await memory.market.read(node, from);
      const pass = await startPass(modules, memory, node, market, from);
      const one = async (row: FlightRow) => {
        if (await sendIntent(modules, pass, row)) moved += 1;
      };
      await inTurn(intents, one, signal);
    });
  } catch (error) {
    // Why the sender's messages wait is in the row of each.
    await inTurn(intents, (row) => setBack(modules, row, error));
  }
  return moved;
}

async function startPass(
  modules: MessageModules,
  memory: PumpMemory,
  node: ChainApi,
  market: Market,
  from: AddressString,
): Promise<SenderPass> {
  const standing = await accountFor(modules, memory.book, node, market, from);
  const reserved = await reservedFunds(modules.db.kysely, from);
  return { node, market, standing, funds: standing.balance - reserved, next: standing.next };
}

async function sendIntent(modules: MessageModules, pass: SenderPass, row: FlightRow): Promise<boolean> {
  const { nonce, from } = pass.standing;
  // Mempools take no message farther ahead than this; what would be there holds no nonce.
  if (pass.next > nonce + modules.rules.policy().mempoolNonceGap) {
    if (row.error_code === 'MESSAGE_SENDER_BUSY') return false;
    const reason = new BeeproError('MESSAGE_SENDER_BUSY', { from, pending: pass.next - nonce });
    await patchMessage(modules.db.kysely, row.id, ['intent'], reasonOf(row, reason));
    return false;
  }
  await prepareMessage(modules, pass, row);
  const now = await findMessage(modules.db.kysely, row.id);
  if (!now || now.state === 'intent') return false;
  if (now.nonce !== null) await sendOne(modules, now);
  return true;
}

/** As far as it goes in one breath; true when it moved at all. */
async function sendOne(modules: MessageModules, row: FlightRow): Promise<boolean> {
  let moved = false;
  for (let before: string | undefined; ; ) {
    const current = await findMessage(modules.db.kysely, row.id);
    if (!current || current.state === before) return moved;
    moved ||= before !== undefined;
    before = current.state;
    if (current.state === 'nonce') await signAndStore(modules, current);
    else if (current.state === 'signed') await pushMessage(modules, current);
    else return moved;
  }
}

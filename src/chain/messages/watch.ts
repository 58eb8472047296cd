import { type AddressString, BeeproError, inTurn, isBeeproError } from '#core';
import {
  type FlightRow,
  listFlights,
  listForsaken,
  listIntentsAmong,
  listNodesOfPushed,
  type MessageNodeRow,
  readNextNonce,
  readServerTime,
} from '#db';
import type { ChainApi } from '../rpc/index.ts';
import { accountFor } from './accounts.ts';
import { giveUp, requestCancel } from './cancel.ts';
import type { MessageModules } from './context.ts';
import { closeGap } from './gaps.ts';
import { type ChainLook, lookForMessage, unland } from './landing.ts';
import { MessageSearch } from './lookup.ts';
import { type Market, sameKey } from './market.ts';
import type { LastLook, PumpMemory } from './memory.ts';
import { askMempools, lookInMempools } from './mempools.ts';
import { SenderPast } from './past.ts';
import { replaceWhenStuck } from './replace.ts';
import { setBack } from './setback.ts';

interface Pass extends ChainLook {
  readonly market: Market;
  readonly now: Date;
  /** Landed messages are looked at again, deep or not: tipsets that the last pass saw are gone. */
  readonly isReorg: boolean;
  readonly nodes: ReadonlyMap<number, readonly MessageNodeRow[]>;
  readonly forsaken: ReadonlySet<number>;
}

/**
 * Looks where every message with a nonce stands. One nonce of each sender tells which of its messages have been
 * executed; only these are searched, once, and again when they are deep enough to be final. Nothing is asked for a
 * message that waits its turn.
 */
export async function watchMessages(
  modules: MessageModules,
  memory: PumpMemory,
  signal?: AbortSignal,
): Promise<void> {
  const flights = await listFlights(modules.db.kysely);
  const forsaken = new Set(await listForsaken(modules.db.kysely));
  if (forsaken.size > 0) await endForsaken(modules, forsaken);
  const [first] = flights;
  if (!first) return;
  const nodes = Map.groupBy(await listNodesOfPushed(modules.db.kysely), (row) => row.message_id);
  const now = await readServerTime(modules.db.kysely);
  await modules.chain.onOneNode(async (node) => {
    const market = await memory.market.read(node, first.from_address);
    const last = memory.lastLook;
    const isSame = last !== undefined && sameKey(last.key, market.key);
    const isReorg = !isSame && (last === undefined || !(await isAncestor(node, last, market)));
    const search = new MessageSearch(node, market.key);
    const pass: Pass = { node, market, head: market.head, search, now, isReorg, nodes, forsaken };
    const nonces = new Map<AddressString, number>(isSame ? last.nonces : []);
    const bySender = [...Map.groupBy(flights, (row) => row.from_address)];
    const one = async ([from, rows]: (typeof bySender)[number]) => {
      const nonce = nonces.get(from) ?? (await node.stateGetActor(from, market.key)).nonce;
      nonces.set(from, nonce);
      await watchSender(modules, memory, pass, from, rows, nonce);
    };
    await inTurn(bySender, one, signal);
    memory.lastLook = { head: market.head, key: market.key, nonces };
  });
}

async function isAncestor(node: ChainApi, last: LastLook, { head, key }: Market): Promise<boolean> {
  if (last.head > head) return false;
  try {
    return sameKey((await node.chainGetTipSetByHeight(last.head, [...key])).cids, last.key);
  } catch (error) {
    if (isBeeproError(error, 'CHAIN_STATE_UNAVAILABLE') || isBeeproError(error, 'CHAIN_RPC_FAILED'))
      return false;
    throw error;
  }
}

async function watchSender(
  modules: MessageModules,
  memory: PumpMemory,
  pass: Pass,
  from: AddressString,
  rows: readonly FlightRow[],
  account: number,
): Promise<void> {
  const past = new SenderPast(pass.node, from, pass.market);
  const one = async (row: FlightRow) => {
    try {
      await watchOne(modules, pass, past, row, account);
    } catch (error) {
      await setBack(modules, row, error);
    }
  };
  await inTurn(rows, one);
  // A reorg has put some back: they are in no mempool until a node is told.
  const out = pass.isReorg
    ? (await listFlights(modules.db.kysely)).filter((row) => row.from_address === from)
    : rows;
  await watchMempools(modules, memory, pass, from, out, account);
}

async function watchOne(
  modules: MessageModules,
  pass: Pass,
  past: SenderPast,
  row: FlightRow,
  account: number,
): Promise<void> {
  const nonce = row.nonce ?? account;
  const isUsed = account > nonce;
  if (row.state === 'landed') {
    const executed = row.execution_epoch ?? pass.head;
    // A node that lags behind the execution cannot tell.
    if (pass.head < executed) return;
    if (!isUsed) await unland(modules, row);
    else if (pass.isReorg || (isDue(row, pass.now) && pass.head - executed >= modules.rules.confidence()))
      await lookForMessage(modules, pass, past, row);
    return;
  }
  if (isUsed) {
    if (isDue(row, pass.now)) await lookForMessage(modules, pass, past, row);
    return;
  }
  const lapsed = lapse(row, pass);
  if (lapsed) await requestCancel(modules, row, lapsed);
  else if (row.state === 'pushed' && nonce === account && (row.cancel_code === null || row.signs_cancel))
    await replaceWhenStuck(modules, pass.market, row, pass.now);
}

function isDue(row: FlightRow, now: Date): boolean {
  return row.not_before === null || row.not_before.getTime() <= now.getTime();
}

/** What a message was for is past: it is never made dearer, its nonce is freed. */
function lapse(row: FlightRow, pass: Pass): BeeproError | undefined {
  if (row.cancel_code !== null) return undefined;
  if (pass.forsaken.has(row.id)) return new BeeproError('MESSAGE_LAPSED', { detail: FORSAKEN });
  if (row.deadline_epoch === null || pass.head <= row.deadline_epoch) return undefined;
  const detail = `it had to be included by epoch ${row.deadline_epoch}`;
  return new BeeproError('MESSAGE_LAPSED', { detail });
}

const FORSAKEN = 'none of its sectors waits for it any more';

/** Intents that nobody waits for are never sent. */
async function endForsaken(modules: MessageModules, forsaken: ReadonlySet<number>): Promise<void> {
  const intents = await listIntentsAmong(modules.db.kysely, [...forsaken]);
  const error = new BeeproError('MESSAGE_LAPSED', { detail: FORSAKEN });
  await inTurn(intents, (row) => giveUp(modules, row, error, 'cancelled'));
}

async function watchMempools(
  modules: MessageModules,
  memory: PumpMemory,
  pass: Pass,
  from: AddressString,
  rows: readonly FlightRow[],
  account: number,
): Promise<void> {
  const out = rows.filter((row) => row.state === 'pushed' && (row.nonce ?? 0) >= account);
  const next = (await readNextNonce(modules.db.kysely, from)) ?? account;
  if (account > next) {
    // Somebody else uses the key: what used those nonces is written down.
    await accountFor(modules, memory.book, pass.node, pass.market, from);
    return;
  }
  const known = out.flatMap((row) => pass.nodes.get(row.id) ?? []);
  // One that was revived from its end counts as never pushed.
  const isUnseen = out.some((row) => row.seen_at === null || row.pushed_at === null);
  const isOwed = known.some((record) => !record.has_it && isRetryDue(record, pass.now));
  const isMissing = next > account && !rows.some((row) => row.nonce === account);
  const isTime = memory.looks.isDue(from, pass.now, modules.rules.pushAgainMs());
  if (!(isUnseen || isOwed || isMissing || (isTime && out.length > 0))) return;
  const answers = await askMempools(await modules.chain.inRotation(), from);
  if (answers.size === 0) return;
  memory.looks.looked(from, pass.now);
  await lookInMempools(modules, from, out, known, answers, pass.now);
  const inMempools = Math.max(account, ...answers.values());
  const { node, market, now } = pass;
  const gap = { node, market, from, account, inMempools, next, flights: rows, now };
  await closeGap(modules, memory.book, memory.gaps, gap);
}

function isRetryDue(record: MessageNodeRow, now: Date): boolean {
  return record.not_before === null || record.not_before.getTime() <= now.getTime();
}

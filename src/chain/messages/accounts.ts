import { encodeMessage, encodeSignedMessage, toBase64 } from '#codec';
import { type AddressString, type AttoFil, BeeproError } from '#core';
import {
  type ForeignMessageRow,
  listForeignNonces,
  listNoncesOf,
  listOpenForeign,
  lockSender,
  type NewForeignMessage,
  oldestIntentOf,
  raiseNextNonce,
  readNextNonce,
  readServerTime,
  recordForeign,
  settleForeign,
  transaction,
} from '#db';
import type { ChainApi, ChainPool } from '../rpc/index.ts';
import type { MessageModules } from './context.ts';
import type { Market } from './market.ts';
import { type PastMessage, pendingOf, SenderPast } from './past.ts';

/** How a sender stands before it is given a nonce, all its past accounted for. */
export interface SenderStanding {
  readonly from: AddressString;
  /** Of the state that the head starts from. */
  readonly nonce: number;
  readonly balance: AttoFil;
  /** The next nonce: neither a row, nor the chain, nor any mempool has one from here up. */
  readonly next: number;
  /** Messages of others, or forgotten ones, that an intent may be the double of. */
  readonly foreign: readonly ForeignMessageRow[];
}

/** The highest next nonce that this process has seen of each sender: less in the database means that it was restored. */
export class SenderBook {
  readonly #next = new Map<AddressString, number>();

  knows(from: AddressString, next: number | undefined): boolean {
    const seen = this.#next.get(from);
    return seen !== undefined && next !== undefined && next >= seen;
  }

  keep(from: AddressString, next: number): void {
    this.#next.set(from, next);
  }
}

/** Unknown messages that one pass looks up on chain: a dozen calls each. */
const MOST_AT_ONCE = 32;
/** With more unknown nonces than this, only those count that are younger than the oldest intent. */
const MANY = 200;
/** Hosts' clocks and blocks' times differ; an intent was recorded this much earlier at the most, in seconds. */
const CLOCK_MARGIN_S = 3_600;

/**
 * Reconciles a sender with chain and mempools: every nonce that somebody used is either a row's or recorded as
 * foreign, before anything is signed.
 * @throws BeeproError `MESSAGE_SENDER_UNSETTLED`, and what the nodes throw
 */
export async function accountFor(
  modules: MessageModules,
  book: SenderBook,
  node: ChainApi,
  head: Pick<Market, 'head' | 'key' | 'timestamp'>,
  from: AddressString,
): Promise<SenderStanding> {
  const db = modules.db.kysely;
  const [account, known, oldest] = await Promise.all([
    node.stateGetActor(from, head.key),
    readNextNonce(db, from),
    oldestIntentOf(db, from),
  ]);
  const isFirst = !book.knows(from, known);
  const used = Math.max(account.nonce, await nextInMempools(modules.chain, from, isFirst));
  const past = new SenderPast(node, from, head);
  const context: Past = { modules, from, past, account: account.nonce, used, known, oldest, isFirst };
  if (isFirst || used > (known ?? -1)) await takeUpPast(context);
  const next = Math.max(used, known ?? 0);
  book.keep(from, next);
  const open = await listOpenForeign(db, from, oldest ?? (await readServerTime(db)));
  if (open.some((row) => row.settled_at === null))
    await settleForeign(db, from, await past.nonceAt(Math.max(0, head.head - modules.rules.confidence())));
  return { from, nonce: account.nonce, balance: account.balance, next, foreign: open };
}

/** The highest next nonce that a mempool knows. With `all`, every node has to answer: one of them may know more. */
async function nextInMempools(chain: ChainPool, from: AddressString, all: boolean): Promise<number> {
  const nodes = await chain.inRotation();
  const answers = await Promise.allSettled(nodes.map((node) => node.mpoolGetNonce(from)));
  const nonces = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  const failed = answers.find((answer) => answer.status === 'rejected');
  if (failed && (all || nonces.length === 0)) throw failed.reason;
  if (nonces.length === 0) throw new BeeproError('CHAIN_NODES_MISSING');
  return Math.max(...nonces);
}

interface Past {
  readonly modules: MessageModules;
  readonly from: AddressString;
  readonly past: SenderPast;
  readonly account: number;
  /** The nonce after the highest that anybody used. */
  readonly used: number;
  readonly known: number | undefined;
  readonly oldest: Date | undefined;
  readonly isFirst: boolean;
}

async function takeUpPast(context: Past): Promise<void> {
  const { modules, from, used } = context;
  const db = modules.db.kysely;
  const lower = await lowestUnknown(context);
  const accounted = new Set([
    ...(await listNoncesOf(db, from, lower)),
    ...(await listForeignNonces(db, from, lower)),
  ]);
  const missing: number[] = [];
  for (let nonce = lower; nonce < used; nonce++) if (!accounted.has(nonce)) missing.push(nonce);
  const now = missing.slice(0, MOST_AT_ONCE);
  const found = await lookUp(context, now);
  await transaction(modules.db, async (trx) => {
    await lockSender(trx, from);
    for (const row of found) await recordForeign(trx, row);
    if (now.length === missing.length) await raiseNextNonce(trx, from, used);
  });
  if (now.length > 0) modules.note({ what: 'foreign', from, nonces: now });
  const rest = missing[now.length];
  if (rest !== undefined) throw new BeeproError('MESSAGE_SENDER_UNSETTLED', { from, nonce: rest });
}

/**
 * From which nonce on a message may be one of ours that was forgotten: from the database's own next one, and from what
 * the nonce was when the oldest intent was recorded. A sender that is new here has its past, which is not ours.
 */
async function lowestUnknown(context: Past): Promise<number> {
  const { known, oldest, account, used, isFirst, past } = context;
  const atOldest = async () => {
    if (!oldest) return account;
    return Math.min(account, await past.nonceAtTime(oldest.getTime() / 1_000 - CLOCK_MARGIN_S));
  };
  if (known === undefined) return await atOldest();
  const lower = isFirst && oldest ? Math.min(known, await atOldest()) : known;
  return used - lower > MANY ? Math.max(lower, await atOldest()) : lower;
}

async function lookUp(context: Past, nonces: readonly number[]): Promise<NewForeignMessage[]> {
  const { modules, from, past, account } = context;
  const pending = nonces.some((nonce) => nonce >= account)
    ? await pendingOf(modules.chain, from)
    : new Map<number, PastMessage>();
  const rows: NewForeignMessage[] = [];
  for (const nonce of nonces) {
    const found = pending.get(nonce) ?? (nonce < account ? await past.messageOf(nonce) : undefined);
    // Between the mempool's two answers it was included, or was dropped: the next look finds out.
    if (!found && nonce >= account) throw new BeeproError('MESSAGE_SENDER_UNSETTLED', { from, nonce });
    rows.push(foreignRow(from, nonce, found));
  }
  return rows;
}

function foreignRow(from: AddressString, nonce: number, found: PastMessage | undefined): NewForeignMessage {
  return {
    from_address: from,
    nonce,
    cid: found?.cid ?? null,
    to_address: found?.message.to ?? null,
    method: found?.message.method ?? null,
    value: found?.message.value ?? null,
    content: found ? toBase64(encodeMessage(found.message)) : null,
    signed: found?.signed ? toBase64(encodeSignedMessage(found.signed)) : null,
  };
}

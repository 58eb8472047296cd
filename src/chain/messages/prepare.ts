import { decodeMessage, prefixOf } from '#codec';
import { type AttoFil, BeeproError, type Epoch, isBeeproError, killPoint } from '#core';
import {
  adoptForeign,
  type FlightRow,
  type ForeignMessageRow,
  findMessage,
  insertMessageVersion,
  listMessageSectors,
  lockMessage,
  lockSender,
  type MessageRow,
  patchMessage,
  type Trx,
  takeNonce,
  transaction,
} from '#db';
import type { ChainApi } from '../rpc/index.ts';
import type { SenderStanding } from './accounts.ts';
import { lowest } from './amounts.ts';
import { giveUp } from './cancel.ts';
import { intentOf, OPEN_GAS } from './content.ts';
import type { MessageModules } from './context.ts';
import { costCap, decideFor, feeOf, type Gas, type MessageCaps, overestimated } from './fee.ts';
import type { Market } from './market.ts';
import { matchForeign } from './matching.ts';
import { CLEAR, type Learnt, setBack } from './setback.ts';
import { storedBytes } from './stored-bytes.ts';

/** What all intents of one sender share in one pass. */
export interface SenderPass {
  readonly node: ChainApi;
  readonly market: Market;
  readonly standing: SenderStanding;
  /** What the sender can still pay with, in attoFIL; less after each message. */
  funds: AttoFil;
  /** The next nonce. */
  next: number;
}

/** Exit codes that say "not enough money" rather than "wrong": 6 of the system, 19 of the actors. */
const FUNDS_EXIT_CODES: readonly unknown[] = [6, 19];
const HOPELESS = ['CHAIN_EXECUTION_REVERTED', 'CHAIN_OUT_OF_GAS', 'CHAIN_MESSAGE_TOO_BIG'] as const;
/** An estimate counts for so many epochs: state changes little in five minutes. */
export const ESTIMATE_LIVES: Epoch = 10;

/**
 * Intent → nonce. Purpose, fee, funds and validity are checked first: a message that has to wait, or is given up,
 * holds no nonce. The nonce is committed with its gas in one short transaction; nothing is signed before that commit.
 */
export async function prepareMessage(
  modules: MessageModules,
  pass: SenderPass,
  flight: FlightRow,
): Promise<void> {
  const { market } = pass;
  if (flight.deadline_epoch !== null && market.head > flight.deadline_epoch) {
    const detail = `it had to be included by epoch ${flight.deadline_epoch}`;
    return giveUp(modules, flight, new BeeproError('MESSAGE_LAPSED', { detail }), 'cancelled');
  }
  const caps = modules.rules.caps(flight, market.head);
  // While an older estimate shows that it is over the cap, no node is asked.
  const hopeless = overCap(modules, flight, market, caps, BigInt(flight.gas_limit ?? 0));
  if (hopeless) return setBack(modules, flight, hopeless.error, hopeless.learnt);
  const message = await findMessage(modules.db.kysely, flight.id);
  if (message?.state !== 'intent') return;
  const match = matchForeign(message, pass.standing.foreign);
  if (match.is === 'same') return adopt(modules, message, match.foreign);
  if (match.is === 'rival' || match.is === 'unknown')
    return setBack(modules, flight, doubleError(match.is, match.foreign));

  let gas: Gas;
  const learnt: { gas_limit?: number; estimated_epoch?: Epoch } = {};
  try {
    const used = await estimate(pass, message);
    if (used !== BigInt(message.gas_limit ?? -1) || message.estimated_epoch === null)
      Object.assign(learnt, { gas_limit: Number(used), estimated_epoch: market.head });
    const dear = overCap(modules, flight, market, caps, used);
    if (dear) return await setBack(modules, flight, dear.error, { ...dear.learnt, ...learnt });
    gas = affordable(modules, pass, message, caps, used);
  } catch (error) {
    if (HOPELESS.some((code) => isBeeproError(error, code)) && !isShortOfFunds(error)) {
      return giveUp(modules, message, error);
    }
    return setBack(modules, message, isShortOfFunds(error) ? shortOfFunds(error) : error, learnt);
  }
  let nonce: number;
  try {
    nonce = await transaction(modules.db, (trx) => commitNonce(modules, trx, message, gas, caps, pass));
  } catch (error) {
    // A member no longer takes part: nothing was signed, so the others need not wait for it.
    if (isBeeproError(error, 'SECTOR_EVENT_REFUSED')) return giveUp(modules, message, error);
    return setBack(modules, message, error);
  }
  killPoint('message.nonce-committed');
  pass.next = nonce + 1;
  pass.funds -= message.value + feeOf(gas);
  modules.note({ what: 'nonce', message, nonce });
}

async function commitNonce(
  modules: MessageModules,
  trx: Trx,
  message: MessageRow,
  gas: Gas,
  caps: MessageCaps,
  pass: SenderPass,
): Promise<number> {
  const { from_address: from } = message;
  // Less than what was accounted for: the database was restored this very moment.
  if ((await lockSender(trx, from)) < pass.standing.next)
    throw new BeeproError('MESSAGE_SENDER_UNSETTLED', { from, nonce: pass.standing.next });
  const nonce = await takeNonce(trx, message.id, from, pass.standing.next);
  await patchMessage(trx, message.id, ['nonce'], {
    ...CLEAR,
    max_fee: costCap(gas.limit, caps),
    gas_limit: Number(gas.limit),
    gas_fee_cap: gas.feeCap,
    gas_premium: gas.premium,
  });
  await modules.bind(trx, message, await listMessageSectors(trx, message.id));
  return nonce;
}

/** Gas used by the message now. Reports reverts and out of gas, and applies the sender's pending messages. */
async function estimate(pass: SenderPass, message: MessageRow): Promise<bigint> {
  const { gas_limit, estimated_epoch } = message;
  const isYoung = estimated_epoch !== null && pass.market.head - estimated_epoch <= ESTIMATE_LIVES;
  if (gas_limit !== null && isYoung) return BigInt(gas_limit);
  return pass.node.gasEstimateGasLimit(intentOf(message, 0, OPEN_GAS), []);
}

/** Over the cap, with what the row says of it; undefined when it may go, or when nothing is known of its gas. */
function overCap(
  modules: MessageModules,
  message: FlightRow,
  market: Market,
  caps: MessageCaps,
  used: bigint,
): { readonly error: BeeproError; readonly learnt: Learnt } | undefined {
  if (used === 0n) return undefined;
  const limit = limitFor(modules, used, caps);
  const decision = decideFor(limit, market, caps);
  if ('send' in decision) return undefined;
  const { needed } = decision.wait;
  const cap = costCap(limit, caps);
  const error = new BeeproError('MESSAGE_FEE_OVER_CAP', { needed, cap, purpose: message.purpose });
  return { error, learnt: { fee_needed: needed, max_fee: cap } };
}

/** @throws BeeproError `MESSAGE_SENDER_FUNDS` */
function affordable(
  modules: MessageModules,
  pass: SenderPass,
  message: MessageRow,
  caps: MessageCaps,
  used: bigint,
): Gas {
  const { market, funds } = pass;
  const decision = decideFor(limitFor(modules, used, caps), market, caps);
  if ('wait' in decision) throw new BeeproError('INTERNAL', { detail: 'the fee was within its cap before' });
  const needed = message.value + feeOf(decision.send);
  if (funds < needed)
    throw new BeeproError('MESSAGE_SENDER_FUNDS', { from: message.from_address, balance: funds, needed });
  return decision.send;
}

function limitFor(modules: MessageModules, used: bigint, caps: MessageCaps): bigint {
  return lowest(overestimated(used, caps), modules.rules.policy().blockGasLimit);
}

/**
 * The intent is on its way already: it takes the nonce, the gas and the CID of that message and lives on as if it had
 * sent it. Where only the chain has it, the same content is signed once more; nothing new comes of it.
 */
async function adopt(
  modules: MessageModules,
  message: MessageRow,
  foreign: ForeignMessageRow,
): Promise<void> {
  const content = decodeMessage(storedBytes(foreign.content ?? ''), prefixOf(message.from_address));
  const { nonce, cid, signed } = foreign;
  if (cid === null)
    throw new BeeproError('INTERNAL', { detail: `message ${nonce} is adopted without a CID` });
  try {
    await transaction(modules.db, async (trx) => {
      await lockSender(trx, message.from_address);
      if ((await lockMessage(trx, message.id)).state !== 'intent') return;
      const gas = {
        gas_limit: Number(content.gasLimit),
        gas_fee_cap: content.gasFeeCap,
        gas_premium: content.gasPremium,
      };
      const state = signed === null ? 'nonce' : 'signed';
      await patchMessage(trx, message.id, ['intent'], { ...CLEAR, state, nonce, cid, ...gas });
      await insertMessageVersion(trx, { message_id: message.id, cid, ...gas, signed: signed ?? '' });
      await modules.bind(trx, message, await listMessageSectors(trx, message.id));
      await adoptForeign(trx, message.from_address, nonce, message.id);
    });
  } catch (error) {
    if (isBeeproError(error, 'SECTOR_EVENT_REFUSED')) return giveUp(modules, message, error);
    return setBack(modules, message, error);
  }
  killPoint('message.adopted');
  modules.note({ what: 'adopted', message, nonce });
}

function doubleError(
  kind: 'rival' | 'unknown',
  { nonce, cid, from_address }: ForeignMessageRow,
): BeeproError {
  return kind === 'rival'
    ? new BeeproError('MESSAGE_MAY_BE_DOUBLE', { cid: cid ?? 'unknown', nonce })
    : new BeeproError('MESSAGE_PAST_UNKNOWN', { nonce, from: from_address });
}

function isShortOfFunds(error: unknown): boolean {
  return isBeeproError(error, 'CHAIN_EXECUTION_REVERTED') && FUNDS_EXIT_CODES.includes(error.data.exitCode);
}

function shortOfFunds(error: unknown): BeeproError {
  const detail = isBeeproError(error) ? String(error.data.detail ?? error.message) : String(error);
  return new BeeproError('MESSAGE_MINER_FUNDS', { detail }, { cause: error });
}

import type { Message } from '#codec';
import { BeeproError, isBeeproError, killPoint } from '#core';
import { listMessageSectors, type MessageRow, patchMessage, type Trx, takeNonce, transaction } from '#db';
import type { MessageModules } from './context.ts';
import { decideFee, feeOf, type Gas, NODE_MAX_FEE } from './fee.ts';
import { CLEAR, setBack } from './setback.ts';
import { storedBytes } from './stored-bytes.ts';

/** Exit codes that say "not enough money" rather than "wrong": 6 of the system, 19 of the actors. */
const FUNDS_EXIT_CODES: readonly unknown[] = [6, 19];
const HOPELESS = ['CHAIN_EXECUTION_REVERTED', 'CHAIN_OUT_OF_GAS', 'CHAIN_MESSAGE_TOO_BIG'] as const;

/**
 * Intent → nonce. Fee, funds and validity are checked first: a message that has to wait, or is given up, holds no
 * nonce. The nonce is committed with its gas in one short transaction; nothing is signed before that commit.
 */
export async function prepareMessage(modules: MessageModules, message: MessageRow): Promise<void> {
  let gas: Gas;
  let chainNonce: number;
  try {
    gas = await affordableGas(modules, message);
    chainNonce = await modules.chain.mpoolGetNonce(message.from_address);
  } catch (error) {
    if (HOPELESS.some((code) => isBeeproError(error, code)) && !isShortOfFunds(error)) {
      return giveUp(modules, message, error);
    }
    return setBack(modules, message, isShortOfFunds(error) ? shortOfFunds(error) : error);
  }
  let nonce: number;
  try {
    nonce = await transaction(modules.db, (trx) => commitNonce(modules, trx, message, gas, chainNonce));
  } catch (error) {
    // A member no longer takes part: nothing was signed, so the others need not wait for it.
    if (isBeeproError(error, 'SECTOR_EVENT_REFUSED')) return giveUp(modules, message, error);
    return setBack(modules, message, error);
  }
  killPoint('message.nonce-committed');
  modules.note({ what: 'nonce', message, nonce });
}

async function commitNonce(
  modules: MessageModules,
  trx: Trx,
  message: MessageRow,
  gas: Gas,
  chainNonce: number,
): Promise<number> {
  const nonce = await takeNonce(trx, message.id, message.from_address, chainNonce);
  await patchMessage(trx, message.id, ['nonce'], {
    ...CLEAR,
    max_fee: modules.rules.maxFee(message),
    gas_limit: Number(gas.limit),
    gas_fee_cap: gas.feeCap,
    gas_premium: gas.premium,
  });
  await modules.bind(trx, message, await listMessageSectors(trx, message.id));
  return nonce;
}

/** The message as its row says; gas of zero asks the node for an estimate. */
export function messageOf(row: MessageRow, nonce: number, gas: Gas): Message {
  return {
    version: 0,
    to: row.to_address,
    from: row.from_address,
    nonce,
    value: row.value,
    gasLimit: gas.limit,
    gasFeeCap: gas.feeCap,
    gasPremium: gas.premium,
    method: row.method,
    params: storedBytes(row.params),
  };
}

async function affordableGas(modules: MessageModules, row: MessageRow): Promise<Gas> {
  const { chain } = modules;
  const maxFee = modules.rules.maxFee(row);
  const open = messageOf(row, 0, { limit: 0n, feeCap: 0n, premium: 0n });
  // Reports reverts and out of gas, and applies the sender's pending messages.
  const used = await chain.gasEstimateGasLimit(open, []);
  const gasLimit = overestimate(used, modules.rules.overestimation(row.miner));
  const estimate = await chain.gasEstimateMessageGas({ ...open, gasLimit }, { maxFee: NODE_MAX_FEE }, []);
  const head = await chain.chainHead();
  const baseFee = head.blocks[0]?.parentBaseFee ?? 0n;
  const decision = decideFee(
    { limit: estimate.gasLimit, feeCap: estimate.gasFeeCap, premium: estimate.gasPremium },
    baseFee,
    maxFee,
  );
  if ('wait' in decision) {
    throw new BeeproError('MESSAGE_FEE_OVER_CAP', {
      needed: decision.wait.needed,
      cap: maxFee,
      purpose: row.purpose,
    });
  }
  const needed = row.value + feeOf(decision.send);
  const balance = await chain.walletBalance(row.from_address);
  if (balance < needed)
    throw new BeeproError('MESSAGE_SENDER_FUNDS', { from: row.from_address, balance, needed });
  return decision.send;
}

/** State may have grown by the time the message executes. In thousandths, since gas is a whole number. */
function overestimate(gas: bigint, factor: number): bigint {
  return (gas * BigInt(Math.round(factor * 1000))) / 1000n;
}

function isShortOfFunds(error: unknown): boolean {
  return isBeeproError(error, 'CHAIN_EXECUTION_REVERTED') && FUNDS_EXIT_CODES.includes(error.data.exitCode);
}

function shortOfFunds(error: unknown): BeeproError {
  const detail = isBeeproError(error) ? String(error.data.detail ?? error.message) : String(error);
  return new BeeproError('MESSAGE_MINER_FUNDS', { detail }, { cause: error });
}

/** Never signed, never sent: its members find out from the row. */
async function giveUp(modules: MessageModules, message: MessageRow, error: unknown): Promise<void> {
  if (!isBeeproError(error)) throw error;
  await patchMessage(modules.db.kysely, message.id, ['intent'], {
    state: 'failed',
    error_code: error.code,
    error_message: error.message.slice(0, 2_000),
  });
  modules.note({ what: 'given-up', message, error });
}

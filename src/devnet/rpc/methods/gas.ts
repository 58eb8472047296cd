import { exitCodeText, type Message, signingBytes } from '#codec';
import type { AttoFil, CidString } from '#core';
import { EXIT } from '../../actors/actor-error.ts';
import { Runtime } from '../../actors/runtime.ts';
import { chainMessage } from '../../chain/tipset.ts';
import { type Applied, applyMessage } from '../../chain/vm.ts';
import { LOTUS_CODE, LotusError } from '../../lotus-error.ts';
import { BLOCK_GAS_LIMIT } from '../../policy.ts';
import { findActor } from '../../state/index.ts';
import { type RpcContext, tipSetOf } from '../context.ts';
import { defineHandlers } from '../handlers.ts';
import { refuseEstimate } from './refused-estimates.ts';

/** Source: Lotus `node/impl/gasutils`. */
const MIN_GAS_PREMIUM = 100_000n;
const FEE_CAP_BLOCKS = 20;
const LIMIT_OVERESTIMATION = 1.25;
/** What one message pays at most when nothing is asked. Source: Lotus `DefaultMaxFee`. */
const DEFAULT_MAX_FEE = 7n * 10n ** 16n;

/**
 * Executes the message in the head's epoch, on top of the head's own messages and of the sender's pending ones,
 * at no base fee. Source: Lotus `GasEstimateCallWithGas`, `CallWithGas`.
 */
async function callWithGas(context: RpcContext, message: Message): Promise<Applied> {
  const { chain } = context;
  const { head } = chain;
  const environment = chain.estimateEnvironment(head);
  const runtime = new Runtime(chain.stateAt(head), environment);
  const sender = findActor(runtime.state, message.from);
  const from = sender?.robustAddress ?? message.from;
  const pending = chain.mempool.pendingOf(from);
  refuseEstimate(chain.refusedEstimates, message);
  const before = pending.findIndex(({ signed }) => signed.message.nonce === message.nonce);
  const prior = [...head.messages, ...(before < 0 ? pending : pending.slice(0, before))];
  const miner = chain.producerId;
  for (const { signed } of prior)
    await applyMessage(runtime, signed.message, { baseFee: head.header.parentBaseFee, miner, signed });
  const account = findActor(runtime.state, message.from);
  if (!account)
    throw new LotusError(
      `gas estimation failed: CallWithGas failed: sender ${message.from} not found on chain: sender validation failed`,
    );
  return applyMessage(runtime, { ...message, nonce: account.nonce }, { baseFee: 0n, miner });
}

async function estimateLimit(context: RpcContext, message: Message): Promise<bigint> {
  const applied = await callWithGas(context, {
    ...message,
    gasLimit: BigInt(BLOCK_GAS_LIMIT),
    gasFeeCap: 0n,
    gasPremium: 0n,
  });
  const { exitCode, gasUsed } = applied.receipt;
  if (exitCode === EXIT.outOfGas) throw new LotusError('call ran out of gas', LOTUS_CODE.outOfGas);
  if (exitCode !== EXIT.ok)
    throw new LotusError(
      `message execution failed (exit=[${exitCodeText(exitCode)}], vm error=[${applied.error}])`,
      LOTUS_CODE.reverted,
      '0x',
    );
  return BigInt(gasUsed);
}

/** The premium that gets a message into one of the next blocks; nothing here competes. */
function estimatePremium(blocks: number): AttoFil {
  return blocks <= 1 ? 2n * MIN_GAS_PREMIUM : blocks === 2 ? (3n * MIN_GAS_PREMIUM) / 2n : MIN_GAS_PREMIUM;
}

/** The base fee after `blocks` full blocks, and the premium. */
function estimateFeeCap(
  context: RpcContext,
  premium: AttoFil,
  blocks: number,
  key: readonly CidString[],
): AttoFil {
  const growth = BigInt(Math.floor(1.125 ** blocks * 256));
  return (tipSetOf(context, key).header.parentBaseFee * growth) / 256n + premium;
}

async function estimateMessage(
  context: RpcContext,
  message: Message,
  maxFee: AttoFil,
  key: readonly CidString[],
): Promise<Message> {
  const used = message.gasLimit === 0n ? await estimateLimit(context, message) : undefined;
  const raised =
    used === undefined ? message.gasLimit : BigInt(Math.floor(Number(used) * LIMIT_OVERESTIMATION));
  const gasLimit = raised > BigInt(BLOCK_GAS_LIMIT) ? BigInt(BLOCK_GAS_LIMIT) : raised;
  const premium = message.gasPremium === 0n ? estimatePremium(10) : message.gasPremium;
  const wanted =
    message.gasFeeCap === 0n ? estimateFeeCap(context, premium, FEE_CAP_BLOCKS, key) : message.gasFeeCap;
  const most = maxFee === 0n ? DEFAULT_MAX_FEE : maxFee;
  const gasFeeCap = wanted * gasLimit > most ? most / gasLimit : wanted;
  return { ...message, gasLimit, gasFeeCap, gasPremium: premium < gasFeeCap ? premium : gasFeeCap };
}

export const GAS_HANDLERS = defineHandlers({
  GasEstimateGasLimit: (context, message) => estimateLimit(context, message),
  GasEstimateGasPremium: (_context, blocks) => estimatePremium(blocks),
  GasEstimateFeeCap: (context, message, blocks, key) =>
    estimateFeeCap(context, message.gasPremium, Number(blocks), key),
  GasEstimateMessageGas: (context, message, spec, key) =>
    estimateMessage(context, message, spec?.maxFee ?? 0n, key),
  MpoolPushMessage: async (context, message, spec) => {
    if (message.nonce !== 0)
      throw new LotusError(`MpoolPushMessage expects message nonce to be 0, was ${message.nonce}`);
    const { chain, wallet } = context;
    const sender = findActor(chain.headState, message.from);
    if (!sender?.robustAddress) throw new LotusError(`getting key address: actor not found`);
    let estimated: Message;
    try {
      estimated = await estimateMessage(context, message, spec?.maxFee ?? 0n, []);
    } catch (error) {
      if (!(error instanceof LotusError)) throw error;
      throw new LotusError(`GasEstimateMessageGas error: ${error.message}`, error.code, error.data);
    }
    const from = sender.robustAddress;
    const ready = { ...estimated, from, nonce: chain.mempool.nextNonce(from) };
    const signed = { message: ready, signature: wallet.sign(from, signingBytes(ready)) };
    const pushed = chainMessage(signed);
    try {
      context.push(pushed);
    } catch (error) {
      if (!(error instanceof LotusError)) throw error;
      throw new LotusError(`mpool push: failed to push message: ${error.message}`, error.code);
    }
    return signed;
  },
});

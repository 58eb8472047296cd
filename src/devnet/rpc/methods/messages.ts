import { type ActorKind, decodeParams, decodeReturn, type Message, type MessageReceipt } from '#codec';
import type { CidString, Epoch } from '#core';
import { Runtime } from '../../actors/runtime.ts';
import { executeTipSet } from '../../chain/executor.ts';
import { type FoundMessage, searchMessage, waitForMessage } from '../../chain/message-search.ts';
import type { TipSet } from '../../chain/tipset.ts';
import { type Applied, applyImplicitly } from '../../chain/vm.ts';
import { LotusError } from '../../lotus-error.ts';
import { findActor } from '../../state/index.ts';
import { actorOf, type RpcContext, stateOf, tipSetOf } from '../context.ts';
import { defineHandlers } from '../handlers.ts';
import { paramsAsGoJson, returnAsGoJson } from './go-json.ts';
import { shownInvocation } from './invocation.ts';

const MAX_CONFIDENCE: Epoch = 900;
/** What Lotus puts for a call without gas: half of the largest 64-bit integer. */
const UNLIMITED_GAS = 4_611_686_018_427_387_903n;

function shownLookup(found: FoundMessage, returnDec: unknown) {
  return {
    message: found.cid,
    receipt: found.receipt,
    returnDec,
    tipSet: [found.executing.cid],
    height: found.executing.height,
  };
}

function decodedReturn(context: RpcContext, found: FoundMessage, receipt: MessageReceipt): unknown {
  if (receipt.exitCode !== 0 || receipt.return.length === 0) return null;
  const message = found.including.messages[found.index]?.signed.message;
  const actor = message && findActor(stateOf(context, []), message.to);
  if (!message || !actor) return null;
  const { name, value } = decodeReturn(actor.code as ActorKind, message.method, receipt.return, 't');
  return returnAsGoJson(name, value);
}

/** The message with the nonce and gas of a call that pays nothing. */
function asCall(context: RpcContext, message: Message, key: readonly CidString[]): Message {
  const sender = findActor(stateOf(context, key), message.from);
  if (!sender) throw new LotusError(`sender ${message.from} not found on chain: sender validation failed`);
  return { ...message, nonce: sender.nonce, gasLimit: UNLIMITED_GAS };
}

/** Executes the message's tipset again and gives what became of the message in it. */
async function replay(context: RpcContext, including: TipSet, index: number): Promise<Applied> {
  const { chain } = context;
  const parent = chain.store.parentOf(including);
  if (!parent) throw new LotusError('genesis has no messages');
  const result = chain.store.resultOf(parent);
  const { applied } = await executeTipSet(
    chain.environment(including),
    { height: parent.height, state: chain.stateAfter(parent), stateRoot: result?.stateRoot ?? '' },
    including,
    chain.environment(including).randomness,
  );
  const [wanted] = applied.slice(index, index + 1);
  if (!wanted) throw new LotusError('message was not executed in its tipset');
  return wanted;
}

export const MESSAGE_HANDLERS = defineHandlers({
  StateSearchMsg: (context, key, cid, lookback, allowReplaced) => {
    const found = searchMessage(context.chain, cid, tipSetOf(context, key), { lookback, allowReplaced });
    return found ? shownLookup(found, null) : null;
  },
  StateWaitMsg: async (context, cid, confidence, lookback, allowReplaced) => {
    if (confidence > MAX_CONFIDENCE)
      throw new LotusError(`confidence too high: ${confidence} > ${MAX_CONFIDENCE}`);
    const terms = { lookback, allowReplaced };
    const found = await waitForMessage(context.chain, cid, confidence, terms, context.signal);
    return shownLookup(found, decodedReturn(context, found, found.receipt));
  },
  StateCall: async (context, message, key) => {
    const tipSet = tipSetOf(context, key);
    const call = asCall(context, message, key);
    const runtime = new Runtime(stateOf(context, key), context.chain.environment(tipSet));
    const started = performance.now();
    const applied = await applyImplicitly(runtime, call);
    return shownInvocation(runtime, call, applied, null, performance.now() - started);
  },
  StateReplay: async (context, key, cid) => {
    const found = searchMessage(context.chain, cid, tipSetOf(context, key), {
      lookback: -1,
      allowReplaced: true,
    });
    const message = found?.including.messages[found.index];
    if (!found || !message) throw new LotusError(`didn't find msg ${cid}`);
    const started = performance.now();
    const applied = await replay(context, found.including, found.index);
    const runtime = new Runtime(
      context.chain.stateAfter(found.including),
      context.chain.environment(found.including),
    );
    return shownInvocation(
      runtime,
      message.signed.message,
      applied,
      message.cid,
      performance.now() - started,
    );
  },
  StateDecodeParams: (context, address, method, params, key) => {
    const actor = actorOf(context, address, key);
    const decoded = decodeParams(actor.code as ActorKind, method, params, 't');
    return paramsAsGoJson(decoded.name, decoded.params);
  },
});

import { encodeBlockHeader } from '#codec';
import type { CidString, Epoch } from '#core';
import { headPath } from '../../chain/head-path.ts';
import { knownMessage } from '../../chain/message-search.ts';
import { chainMessage, isBlsMessage, type TipSet } from '../../chain/tipset.ts';
import { LotusError } from '../../lotus-error.ts';
import { type RpcContext, tipSetOf } from '../context.ts';
import { defineHandlers } from '../handlers.ts';

/** A tipset as the API shows it. */
export function shownTipSet(tipSet: TipSet) {
  return { cids: [tipSet.cid], blocks: [tipSet.header], height: tipSet.height };
}

function blockOf({ chain }: RpcContext, cid: CidString): TipSet {
  const tipSet = chain.find(cid);
  if (!tipSet) throw new LotusError(`block not found: ipld: could not find ${cid}`);
  return tipSet;
}

function atHeight(
  context: RpcContext,
  height: Epoch,
  key: readonly CidString[],
  nullRound: 'after' | 'before',
) {
  if (height < 0) throw new LotusError(`height ${height} is negative`);
  return shownTipSet(context.chain.store.atHeight(height, tipSetOf(context, key), nullRound));
}

/** The messages that the block's parent brought, and that the block executed. */
function parentOf(context: RpcContext, cid: CidString): TipSet | undefined {
  return context.chain.store.parentOf(blockOf(context, cid));
}

export const CHAIN_HANDLERS = defineHandlers({
  ChainHead: ({ chain }) => shownTipSet(chain.head),
  ChainGetGenesis: ({ chain }) => shownTipSet(chain.store.genesis),
  ChainGetTipSet: (context, key) => shownTipSet(tipSetOf(context, key)),
  ChainGetTipSetByHeight: (context, height, key) => atHeight(context, height, key, 'before'),
  ChainGetTipSetAfterHeight: (context, height, key) => atHeight(context, height, key, 'after'),
  ChainGetPath: (context, from, to) =>
    headPath(context.chain.store, tipSetOf(context, from), tipSetOf(context, to)).map(({ type, tipSet }) => ({
      type,
      val: shownTipSet(tipSet),
    })),
  ChainTipSetWeight: (context, key) => tipSetOf(context, key).header.parentWeight + 5_376n,
  ChainGetBlock: (context, cid) => blockOf(context, cid).header,
  ChainGetBlockMessages: (context, cid) => {
    const { messages } = blockOf(context, cid);
    const bls = messages.filter(isBlsMessage);
    const secp = messages.filter((message) => !isBlsMessage(message));
    return {
      blsMessages: bls.map(({ signed }) => signed.message),
      secpkMessages: secp.map(({ signed }) => signed),
      cids: [...bls, ...secp].map((message) => message.cid),
    };
  },
  ChainGetParentMessages: (context, cid) =>
    (parentOf(context, cid)?.messages ?? []).map((message) => ({
      cid: message.cid,
      message: message.signed.message,
    })),
  ChainGetParentReceipts: (context, cid) => {
    const parent = parentOf(context, cid);
    return (parent && context.chain.store.resultOf(parent)?.receipts) ?? [];
  },
  ChainGetMessage: ({ chain }, cid) => knownMessage(chain, cid),
  ChainReadObj: (context, cid) => encodeBlockHeader(blockOf(context, cid).header),
  ChainHasObj: ({ chain }, cid) => chain.find(cid) !== undefined || chain.findMessage(cid) !== undefined,

  MpoolGetNonce: ({ chain }, address) => chain.mempool.nextNonce(address),
  MpoolPending: ({ chain }) => chain.mempool.pending().map(({ signed }) => signed),
  MpoolSelect: ({ chain }) => chain.mempool.select(chain.nextBaseFee).map(({ signed }) => signed),
  MpoolPush: (context, signed) => {
    const message = chainMessage(signed);
    context.push(message);
    return message.cid;
  },
  MpoolGetConfig: ({ chain }) => ({
    priorityAddrs: [],
    ...chain.mempool.rules,
    replaceByFeeRatio: 1.25,
    pruneCooldown: 60_000_000_000,
    gasLimitOverestimation: 1.25,
  }),
});

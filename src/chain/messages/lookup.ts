import { type CidString, type Epoch, isBeeproError } from '#core';
import type { ChainApi } from '../rpc/index.ts';
import type { MessageLookup } from '../rpc/wire/message.ts';

export interface FoundMessage {
  readonly cid: CidString;
  readonly lookup: MessageLookup;
  /** The tipset that holds it is the parent of the one that executed it. */
  readonly inclusionEpoch: Epoch;
}

/** Epochs that a search looks back: messages are looked for all the time, so they are found while young. */
export const LOOKBACK: Epoch = 900;
/** The whole chain: slow, and asked only before a message is given up. */
export const WHOLE_CHAIN: Epoch = -1;

/**
 * Finds the version of a message that was executed, if any: the newest first. The search also follows replacements
 * (`allowReplaced`), so that one call mostly does.
 */
export async function searchVersions(
  chain: ChainApi,
  cids: readonly CidString[],
  lookback: Epoch = LOOKBACK,
): Promise<FoundMessage | undefined> {
  for (const cid of cids.toReversed()) {
    const lookup = await search(chain, cid, lookback);
    if (!lookup) continue;
    const executed = await chain.chainGetTipSet(lookup.tipSet);
    const included = await chain.chainGetTipSet(executed.blocks[0]?.parents ?? []);
    return { cid: lookup.message, lookup, inclusionEpoch: included.height };
  }
  return undefined;
}

async function search(chain: ChainApi, cid: CidString, lookback: Epoch): Promise<MessageLookup | null> {
  try {
    return await chain.stateSearchMsg([], cid, lookback, true);
  } catch (error) {
    // A node that never saw the message: it is not on its chain (recorded answers of Lotus v1.36).
    if (isMissing(error) && /load message|could not find/.test(String(error))) return null;
    throw error;
  }
}

/** Whether the node has the message, on chain or in its mempool. */
export async function isKnown(chain: ChainApi, cid: CidString): Promise<boolean> {
  try {
    await chain.chainGetMessage(cid);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return isBeeproError(error, 'CHAIN_STATE_UNAVAILABLE') || isBeeproError(error, 'CHAIN_RPC_FAILED');
}

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

/** A message with our nonce, of other content. Source: Lotus `chain/stmgr/searchwait.go`. */
const OTHER_MESSAGE = /not a valid replacement message/i;

/** Searches on one chain, with what many messages of a tipset share asked once. */
export class MessageSearch {
  readonly #node: ChainApi;
  readonly #key: readonly CidString[];
  readonly #inclusions = new Map<string, Promise<Epoch>>();

  constructor(node: ChainApi, key: readonly CidString[]) {
    this.#node = node;
    this.#key = key;
  }

  /**
   * Finds the version of a message that was executed, if any: the newest first. The search also follows replacements
   * (`allowReplaced`), so that one call mostly does. `other`: another message used the nonce.
   */
  async versions(
    cids: readonly CidString[],
    lookback: Epoch = LOOKBACK,
  ): Promise<FoundMessage | 'other' | undefined> {
    for (const cid of cids.toReversed()) {
      const lookup = await this.#search(cid, lookback);
      if (lookup === 'other') return lookup;
      if (!lookup) continue;
      return { cid: lookup.message, lookup, inclusionEpoch: await this.#inclusionOf(lookup.tipSet) };
    }
    return undefined;
  }

  async #search(cid: CidString, lookback: Epoch): Promise<MessageLookup | 'other' | null> {
    try {
      return await this.#node.stateSearchMsg(this.#key, cid, lookback, true);
    } catch (error) {
      if (isBeeproError(error) && OTHER_MESSAGE.test(error.message)) return 'other';
      // A node that never saw the message: it is not on its chain (recorded answers of Lotus v1.36).
      if (isMissing(error) && /load message|could not find/.test(String(error))) return null;
      throw error;
    }
  }

  #inclusionOf(executing: readonly CidString[]): Promise<Epoch> {
    const name = executing.join();
    const known = this.#inclusions.get(name);
    if (known) return known;
    const asked = this.#node
      .chainGetTipSet(executing)
      .then((tipSet) => this.#node.chainGetTipSet(tipSet.blocks[0]?.parents ?? []))
      .then((included) => included.height);
    this.#inclusions.set(name, asked);
    return asked;
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

import { type Message, type SignedMessage, signedMessageCid } from '#codec';
import { type AddressString, type CidString, type Epoch, isBeeproError } from '#core';
import type { ChainApi, ChainPool } from '../rpc/index.ts';

/** A message of a sender as the chain or a mempool has it. */
export interface PastMessage {
  readonly nonce: number;
  readonly cid: CidString;
  readonly message: Message;
  /** Where a mempool has it; blocks keep no BLS signature. */
  readonly signed?: SignedMessage;
}

/** The head that a look into the past starts from. */
export interface PastHead {
  readonly head: Epoch;
  readonly key: readonly CidString[];
}

/** The pending messages of a sender in every mempool that answers, by nonce. */
export async function pendingOf(chain: ChainPool, from: AddressString): Promise<Map<number, PastMessage>> {
  const nodes = await chain.inRotation();
  const answers = await Promise.allSettled(nodes.map((node) => node.mpoolPending([])));
  const failed = answers.find((answer) => answer.status === 'rejected');
  // What one of them holds back may be the very message that is asked for.
  if (failed) throw failed.reason;
  const found = new Map<number, PastMessage>();
  for (const answer of answers) {
    if (answer.status !== 'fulfilled') continue;
    for (const signed of answer.value) {
      const { message } = signed;
      if (message.from !== from) continue;
      found.set(message.nonce, { nonce: message.nonce, cid: signedMessageCid(signed), message, signed });
    }
  }
  return found;
}

/** A sender's past on one chain: what its nonce was at a height, and which message used a nonce. */
export class SenderPast {
  readonly #node: ChainApi;
  readonly #from: AddressString;
  readonly #head: PastHead;
  readonly #nonces = new Map<Epoch, Promise<number>>();

  constructor(node: ChainApi, from: AddressString, head: PastHead) {
    this.#node = node;
    this.#from = from;
    this.#head = head;
  }

  /** The nonce in the state that the tipset at `height` (or the last before it) starts from. */
  nonceAt(height: Epoch): Promise<number> {
    const known = this.#nonces.get(height);
    if (known) return known;
    const asked = this.#askNonce(height);
    this.#nonces.set(height, asked);
    return asked;
  }

  /** The nonce that the sender had at a time, or an earlier one, in a few calls: steps back grow fourfold. */
  async nonceAtTime(seconds: number): Promise<number> {
    for (let back = 16; ; back *= 4) {
      const height = Math.max(0, this.#head.head - back);
      const tipSet = await this.#tipSetAt(height);
      if (height === 0 || (tipSet.blocks[0]?.timestamp ?? 0) <= seconds) return this.nonceAt(height);
    }
  }

  /**
   * The message that used a nonce below the head's: the height is found by halving, and the tipset there holds it.
   * Undefined when the node no longer has that state, or the message names its sender otherwise.
   */
  async messageOf(nonce: number): Promise<PastMessage | undefined> {
    try {
      const height = await this.#executionOf(nonce);
      const executing = await this.#tipSetAt(height);
      const [block] = executing.cids;
      if (block === undefined) return undefined;
      const found = (await this.#node.chainGetParentMessages(block)).find(
        ({ message }) => message.nonce === nonce && message.from === this.#from,
      );
      return found && { nonce, cid: found.cid, message: found.message };
    } catch (error) {
      // Pruned nodes say so in many words, most of them with the code for everything.
      if (isBeeproError(error, 'CHAIN_STATE_UNAVAILABLE') || isBeeproError(error, 'CHAIN_RPC_FAILED'))
        return undefined;
      throw error;
    }
  }

  /** The lowest height whose tipset starts from a state with the nonce used. */
  async #executionOf(nonce: number): Promise<Epoch> {
    let high = this.#head.head;
    let low = high;
    for (let back = 2; low > 0; back *= 2) {
      low = Math.max(0, this.#head.head - back);
      if ((await this.nonceAt(low)) <= nonce) break;
      high = low;
    }
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if ((await this.nonceAt(middle)) > nonce) high = middle;
      else low = middle;
    }
    return high;
  }

  async #askNonce(height: Epoch): Promise<number> {
    const tipSet = await this.#tipSetAt(height);
    try {
      return (await this.#node.stateGetActor(this.#from, tipSet.cids)).nonce;
    } catch (error) {
      if (isBeeproError(error, 'CHAIN_ACTOR_NOT_FOUND')) return 0;
      throw error;
    }
  }

  #tipSetAt(height: Epoch) {
    return height >= this.#head.head
      ? this.#node.chainGetTipSet(this.#head.key)
      : this.#node.chainGetTipSetByHeight(height, this.#head.key);
  }
}

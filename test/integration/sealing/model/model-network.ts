import type { ChainApi } from '#chain';
import { equalBytes, type Message, type SignedMessage, signedMessageCid } from '#codec';
import { type AddressString, BeeproError, type CidString, type Epoch } from '#core';

/** A block of the model: one a height, heights may be left out. */
export interface ModelBlock {
  readonly cid: CidString;
  readonly parent: ModelBlock | undefined;
  readonly height: Epoch;
  readonly messages: readonly SignedMessage[];
  /** How many messages of each sender lie before this block's own. */
  readonly nonces: ReadonlyMap<AddressString, number>;
}

const LOTUS = { node: 'model', rpcCode: 1 };

/**
 * A chain of plain transfers and a mempool for each of several nodes, in memory: just what the pump can tell apart.
 * Everything is included by nonce and fee cap; a reorg gives its messages back to some of the mempools, or to none.
 */
export class ModelNetwork {
  head: ModelBlock = { cid: 'genesis', parent: undefined, height: 0, messages: [], nonces: new Map() };
  baseFee = 100n;
  readonly nodes: readonly ModelNode[];
  /** Everything that a mempool ever took, in the order in which it came. */
  readonly taken: SignedMessage[] = [];
  #blocks = 0;
  readonly #known = new Map<CidString, ModelBlock>();

  constructor(nodes: number) {
    this.nodes = Array.from({ length: nodes }, (_, index) => new ModelNode(this, `node-${index}`));
    this.#known.set(this.head.cid, this.head);
  }

  /** One block with what `from`'s mempool holds and the base fee allows; `at most` so many messages. */
  mine(node: ModelNode, most = Number.POSITIVE_INFINITY, nullRounds = 0): void {
    const { head } = this;
    const nonces = noncesAfter(head);
    const messages: SignedMessage[] = [];
    for (const [from, pending] of node.mempool) {
      for (let nonce = nonces.get(from) ?? 0; messages.length < most; nonce++) {
        const signed = pending.get(nonce);
        if (!signed || signed.message.gasFeeCap < this.baseFee) break;
        messages.push(signed);
      }
    }
    this.#blocks += 1;
    const block: ModelBlock = {
      cid: `block-${this.#blocks}`,
      parent: head,
      height: head.height + 1 + nullRounds,
      messages,
      nonces,
    };
    this.#known.set(block.cid, block);
    this.head = block;
    for (const other of this.nodes) other.forgetUsed();
  }

  /** Drops the newest `depth` blocks; each of their messages goes back to the nodes that `keeps` names. */
  reorg(depth: number, keeps: (node: ModelNode, signed: SignedMessage) => boolean): void {
    const reverted: SignedMessage[] = [];
    const { height } = this.head;
    for (let back = 0; back < depth && this.head.parent; back++) {
      reverted.unshift(...this.head.messages);
      this.head = this.head.parent;
    }
    for (const node of this.nodes)
      for (const signed of reverted) if (keeps(node, signed)) node.restore(signed);
    // The fork that wins is heavier.
    const empty = new ModelNode(this, 'producer of the fork');
    while (this.head.height <= height) this.mine(empty);
  }

  chain(from: ModelBlock = this.head): ModelBlock[] {
    const blocks: ModelBlock[] = [];
    for (let block: ModelBlock | undefined = from; block; block = block.parent) blocks.unshift(block);
    return blocks;
  }

  included(): SignedMessage[] {
    return this.chain().flatMap((block) => block.messages);
  }

  block(key: readonly CidString[]): ModelBlock {
    const found = key.length === 0 ? this.head : this.#known.get(key[0] ?? '');
    if (!found)
      throw new BeeproError('CHAIN_STATE_UNAVAILABLE', {
        ...LOTUS,
        method: 'ChainGetTipSet',
        detail: 'ipld: could not find',
      });
    return found;
  }
}

function noncesAfter(block: ModelBlock): Map<AddressString, number> {
  const nonces = new Map(block.nonces);
  for (const { message } of block.messages) nonces.set(message.from, message.nonce + 1);
  return nonces;
}

export class ModelNode {
  readonly mempool = new Map<AddressString, Map<number, SignedMessage>>();
  readonly name: string;
  readonly #network: ModelNetwork;

  constructor(network: ModelNetwork, name: string) {
    this.#network = network;
    this.name = name;
  }

  push(signed: SignedMessage): CidString {
    const { from, nonce } = signed.message;
    const cid = signedMessageCid(signed);
    const expected = noncesAfter(this.#network.head).get(from) ?? 0;
    if (nonce < expected) throw refused('CHAIN_NONCE_TOO_LOW', `minimum expected nonce is ${expected}`);
    if (nonce > this.nextNonce(from) + 4) throw refused('CHAIN_NONCE_GAP', 'unfulfilled nonce gap');
    const old = this.mempool.get(from)?.get(nonce);
    if (old && signedMessageCid(old) === cid)
      throw refused('CHAIN_NONCE_TAKEN', 'message with nonce already exists');
    if (old && signed.message.gasPremium < (old.message.gasPremium * 110n) / 100n + 1n)
      throw refused('CHAIN_FEE_TOO_LOW', 'replace by fee has too low GasPremium');
    this.#network.taken.push(signed);
    this.restore(signed, true);
    return cid;
  }

  restore(signed: SignedMessage, isReplacing = false): void {
    const { from, nonce } = signed.message;
    const pending = this.mempool.get(from) ?? new Map<number, SignedMessage>();
    this.mempool.set(from, pending);
    if (isReplacing || !pending.has(nonce)) pending.set(nonce, signed);
  }

  drop(from: AddressString, nonce: number): void {
    this.mempool.get(from)?.delete(nonce);
  }

  forgetUsed(): void {
    const nonces = noncesAfter(this.#network.head);
    for (const [from, pending] of this.mempool)
      for (const nonce of [...pending.keys()]) if (nonce < (nonces.get(from) ?? 0)) pending.delete(nonce);
  }

  nextNonce(from: AddressString): number {
    let next = noncesAfter(this.#network.head).get(from) ?? 0;
    while (this.mempool.get(from)?.has(next)) next++;
    return next;
  }

  /** What the pump calls of a node. */
  api(): Partial<ChainApi> & { readonly node: string } {
    const network = this.#network;
    const shown = (block: ModelBlock) =>
      ({
        cids: [block.cid],
        height: block.height,
        blocks: [
          {
            parents: block.parent ? [block.parent.cid] : [],
            height: block.height,
            timestamp: Math.floor(Date.now() / 1_000),
            parentBaseFee: network.baseFee,
          },
        ],
      }) as unknown as Awaited<ReturnType<ChainApi['chainHead']>>;
    const known = (cid: CidString): Message => {
      const all = [...network.included(), ...[...this.mempool.values()].flatMap((own) => [...own.values()])];
      const found = all.find((signed) => signedMessageCid(signed) === cid);
      if (!found) throw refused('CHAIN_RPC_FAILED', 'failed to load message: ipld: could not find');
      return found.message;
    };
    return {
      node: this.name,
      chainHead: async () => shown(network.head),
      chainGetTipSet: async (key) => shown(network.block(key)),
      chainGetTipSetByHeight: async (height, key) => {
        const chain = network.chain(network.block(key));
        const found = chain.findLast((block) => block.height <= height) ?? chain[0];
        return shown(found as ModelBlock);
      },
      chainGetParentMessages: async (cid) =>
        (network.block([cid]).parent?.messages ?? []).map((signed) => ({
          cid: signedMessageCid(signed),
          message: signed.message,
        })),
      chainGetMessage: async (cid) => known(cid),
      stateGetActor: async (from, key) =>
        ({ nonce: network.block(key).nonces.get(from) ?? 0, balance: 10n ** 24n }) as Awaited<
          ReturnType<ChainApi['stateGetActor']>
        >,
      stateSearchMsg: async (key, cid) => {
        const wanted = known(cid);
        const chain = network.chain(network.block(key));
        for (const [index, block] of chain.entries()) {
          const found = block.messages.find(
            ({ message }) => message.from === wanted.from && message.nonce === wanted.nonce,
          );
          const child = chain[index + 1];
          if (!found || !child) continue;
          if (!sameCall(found.message, wanted))
            throw refused('CHAIN_RPC_FAILED', 'message that is NOT a valid replacement message');
          return {
            message: signedMessageCid(found),
            receipt: { exitCode: 0, return: new Uint8Array(), gasUsed: 1, eventsRoot: null },
            returnDec: null,
            tipSet: [child.cid],
            height: child.height,
          };
        }
        return null;
      },
      mpoolGetNonce: async (from) => this.nextNonce(from),
      mpoolPending: async () => [...this.mempool.values()].flatMap((own) => [...own.values()]),
      mpoolPush: async (signed) => this.push(signed),
      gasEstimateGasPremium: async () => 50n,
      gasEstimateGasLimit: async () => 1_000_000n,
    };
  }
}

export function sameCall(a: Message, b: Message): boolean {
  return a.to === b.to && a.value === b.value && a.method === b.method && equalBytes(a.params, b.params);
}

type Refusal =
  | 'CHAIN_NONCE_TOO_LOW'
  | 'CHAIN_NONCE_GAP'
  | 'CHAIN_NONCE_TAKEN'
  | 'CHAIN_FEE_TOO_LOW'
  | 'CHAIN_RPC_FAILED';

function refused(code: Refusal, detail: string): BeeproError {
  return new BeeproError(code, { ...LOTUS, method: 'a call', detail });
}

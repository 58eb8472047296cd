import type { RandomnessTag } from '#codec';
import type { ActorId, AttoFil, CidString, Epoch } from '#core';
import type { Environment } from '../actors/runtime.ts';
import type { Chain, ChainOptions } from '../chain/chain.ts';
import type { ChainStore } from '../chain/chain-store.ts';
import { HeadChanges } from '../chain/head-changes.ts';
import { headPath } from '../chain/head-path.ts';
import type { MessageIndex } from '../chain/message-index.ts';
import type { RandomnessSource, TipSetLookup } from '../chain/randomness.ts';
import type { ChainMessage, TipSet } from '../chain/tipset.ts';
import { Mempool } from '../mempool/mempool.ts';
import type { MempoolRules } from '../mempool/rules.ts';
import type { ChainState } from '../state/index.ts';

/**
 * The chain as one node sees it: its own head, which may lag behind the chain's and then lies on forks that others have
 * left, a mempool of its own, and nothing of what it has not been told yet.
 */
export class NodeChain {
  readonly heads = new HeadChanges();
  readonly mempool: Mempool;
  readonly #network: Chain;
  /** Messages that were pushed or published to it, for as long as it runs. */
  readonly #heard = new Map<CidString, ChainMessage>();
  /** Heads of the chain that it has not come to, oldest first. */
  #ahead: TipSet[] = [];
  #head: TipSet;
  #lag: Epoch = 0;
  /** The number of the newest tipset it knows. */
  #known: number;

  constructor(network: Chain, rules: MempoolRules) {
    this.#network = network;
    this.#head = network.head;
    this.#known = network.store.lastSequence;
    this.mempool = new Mempool(
      () => ({
        state: this.headState,
        height: this.head.height,
        baseFee: this.head.header.parentBaseFee,
      }),
      rules,
    );
    network.heads.subscribe(() => {
      this.#ahead.push(network.head);
      this.#catchUp();
    });
  }

  get head(): TipSet {
    return this.#head;
  }

  get store(): ChainStore {
    return this.#network.store;
  }

  get options(): ChainOptions {
    return this.#network.options;
  }

  get messages(): MessageIndex {
    return this.#network.messages;
  }

  get producerId(): ActorId {
    return this.#network.producerId;
  }

  /** The state after the head's own messages. */
  get headState(): ChainState {
    return this.stateAfter(this.head);
  }

  /** The base fee of the block upon this node's head. */
  get nextBaseFee(): AttoFil {
    return this.#network.baseFeeUpon(this.head);
  }

  /** Epochs that its head is kept behind the chain's: from now on it stands until it is so far back, then follows. */
  set lag(epochs: Epoch) {
    this.#lag = epochs;
    this.#catchUp();
  }

  /** A tipset that this node knows of. */
  find(cid: CidString): TipSet | undefined {
    const tipSet = this.store.find(cid);
    return tipSet && this.store.sequenceOf(tipSet) <= this.#known ? tipSet : undefined;
  }

  /** A message that it was given, or that lies in a tipset it knows of. */
  findMessage(cid: CidString): ChainMessage | undefined {
    const heard = this.#heard.get(cid) ?? this.mempool.find(cid);
    if (heard) return heard;
    const included = this.messages.find(cid);
    return included && this.find(included.first.cid) ? included.message : undefined;
  }

  /** Remembers a message: it can be asked for even when another took its place. */
  heard(message: ChainMessage): void {
    this.#heard.set(message.cid, message);
  }

  /** @throws BeeproError `DEVNET_STATE_PRUNED` */
  stateAfter(tipSet: TipSet): ChainState {
    return this.#network.stateAfter(tipSet);
  }

  /** The state that API calls about a tipset see: that before its messages. */
  stateAt(tipSet: TipSet): ChainState {
    return this.#network.stateAt(tipSet);
  }

  lookupFrom(tipSet: TipSet): TipSetLookup {
    return this.#network.lookupFrom(tipSet);
  }

  draw(
    source: RandomnessSource,
    tag: RandomnessTag,
    epoch: Epoch,
    entropy: Uint8Array,
    from: TipSet,
  ): Uint8Array {
    return this.#network.draw(source, tag, epoch, entropy, from);
  }

  digest(source: RandomnessSource, epoch: Epoch, from: TipSet): Uint8Array {
    return this.#network.digest(source, epoch, from);
  }

  /** What messages that execute in `tipSet` can see. */
  environment(tipSet: TipSet): Environment {
    return this.#network.environment(tipSet);
  }

  /** What estimates upon `tipSet` can see. */
  estimateEnvironment(tipSet: TipSet): Environment {
    return {
      ...this.environment(tipSet),
      verifier: this.#network.failures.verifierNow(this.options.terms.verifier),
    };
  }

  /** Sectors whose presence makes an estimate fail, by the operator of the devnet. */
  get refusedEstimates(): ReadonlySet<number> {
    return this.#network.failures.refusedEstimates;
  }

  #catchUp(): void {
    const reached = this.#network.head.height - this.#lag;
    const index = this.#ahead.findLastIndex((tipSet) => tipSet.height <= reached);
    const next = this.#ahead[index];
    if (!next) return;
    this.#ahead = this.#ahead.slice(index + 1);
    const changes = headPath(this.store, this.#head, next);
    this.#head = next;
    this.#known = Math.max(this.#known, this.store.sequenceOf(next));
    this.mempool.follow(changes, this.#network);
    this.heads.publish(changes);
  }
}

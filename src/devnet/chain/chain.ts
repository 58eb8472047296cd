import { actorIdOf, type RandomnessTag } from '#codec';
import {
  type ActorId,
  type AddressString,
  type AttoFil,
  BeeproError,
  type CidString,
  type Epoch,
} from '#core';
import type { Environment } from '../actors/runtime.ts';
import { SectorFailures } from '../faults/sector-failures.ts';
import { Mempool } from '../mempool/mempool.ts';
import { selectFrom } from '../mempool/selection.ts';
import type { ChainState } from '../state/index.ts';
import { makeHeader } from './block-header.ts';
import type { ChainStore } from './chain-store.ts';
import { type ExecutionTerms, executeTipSet } from './executor.ts';
import { HeadChanges } from './head-changes.ts';
import { headPath } from './head-path.ts';
import { MessageIndex } from './message-index.ts';
import type { Overrides } from './overrides.ts';
import {
  drawChainRandomness,
  type RandomnessOptions,
  type RandomnessSource,
  randomnessDigest,
  type TipSetLookup,
} from './randomness.ts';
import { type ChainMessage, type Executed, type ExecutionResult, makeTipSet, type TipSet } from './tipset.ts';

export interface ChainOptions {
  readonly terms: ExecutionTerms;
  readonly randomness: RandomnessOptions;
  /** In whose name blocks are made. */
  readonly producer: AddressString;
  /** Unix time of epoch 0, in seconds. */
  readonly genesisTimestamp: number;
  readonly blockTimeMs: number;
  readonly overrides?: Overrides;
}

/** Called before a tipset becomes the head: what is not on disk then never was. */
export type TipSetRecorder = (tipSet: TipSet, result: ExecutionResult, fork: number) => void;

/** The weight of a tipset of one block. */
const BLOCK_WEIGHT = 5_376n;

/** The chain itself: makes tipsets, executes them, and keeps its head and the producer's mempool in step. */
export class Chain {
  readonly store: ChainStore;
  /** The producer's own: from it come blocks. */
  readonly mempool: Mempool;
  readonly heads = new HeadChanges();
  readonly messages = new MessageIndex();
  readonly options: ChainOptions;
  readonly #record: TipSetRecorder;
  readonly failures = new SectorFailures();
  #baseFeeOverride: { readonly fee: AttoFil; readonly lastHeight: Epoch } | undefined;
  /** Taken out of the mempools by a reorg, until somebody pushes them again. */
  readonly #vanished = new Set<CidString>();
  #fork = 0;
  /** Blocks are made one after another, whoever asks. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: ChainStore, options: ChainOptions, record: TipSetRecorder) {
    this.store = store;
    this.options = options;
    this.#record = record;
    this.mempool = new Mempool(() => ({
      state: this.headState,
      height: this.head.height,
      baseFee: this.head.header.parentBaseFee,
    }));
  }

  get head(): TipSet {
    return this.store.head;
  }

  get producerId(): ActorId {
    return actorIdOf(this.options.producer);
  }

  /** The state after the head's own messages, which its child will commit to. */
  get headState(): ChainState {
    return this.stateAfter(this.head);
  }

  get nextBaseFee(): AttoFil {
    return this.baseFeeUpon(this.head);
  }

  /** The base fee of a block whose parent is `tipSet`. */
  baseFeeUpon(tipSet: TipSet): AttoFil {
    const forced = this.#baseFeeOverride;
    return forced && tipSet.height < forced.lastHeight ? forced.fee : this.#resultOf(tipSet).nextBaseFee;
  }

  /**
   * Sets the base fee of the next `epochs`, after which it follows its rule from there: an eighth down an epoch while
   * blocks are not full. Undefined lets it follow its rule at once.
   */
  overrideBaseFee(fee: AttoFil | undefined, epochs = Number.POSITIVE_INFINITY): void {
    this.#baseFeeOverride = fee === undefined ? undefined : { fee, lastHeight: this.head.height + epochs };
  }

  /** Whether a reorg took the message out of the mempools. */
  isVanished(cid: CidString): boolean {
    return this.#vanished.has(cid);
  }

  /** A message that somebody pushed, or pushed again. */
  pushed(cid: CidString): void {
    this.#vanished.delete(cid);
  }

  /** @throws BeeproError `DEVNET_STATE_PRUNED` */
  stateAfter(tipSet: TipSet): ChainState {
    const state = this.store.stateAfter(tipSet);
    if (!state) throw new BeeproError('DEVNET_STATE_PRUNED', { height: tipSet.height });
    return state;
  }

  /** The state that API calls about a tipset see: that before its messages. */
  stateAt(tipSet: TipSet): ChainState {
    const parent = this.store.parentOf(tipSet);
    return this.stateAfter(parent ?? tipSet);
  }

  #resultOf(tipSet: TipSet) {
    const result = this.store.resultOf(tipSet);
    if (!result) throw new Error(`tipset ${tipSet.cid} was never executed`);
    return result;
  }

  lookupFrom(tipSet: TipSet): TipSetLookup {
    return (height, nullRound) => this.store.atHeight(height, tipSet, nullRound);
  }

  draw(
    source: RandomnessSource,
    tag: RandomnessTag,
    epoch: Epoch,
    entropy: Uint8Array,
    from: TipSet,
  ): Uint8Array {
    const lookup = this.lookupFrom(from);
    return drawChainRandomness(this.options.randomness, source, tag, epoch, entropy, from.height, lookup);
  }

  digest(source: RandomnessSource, epoch: Epoch, from: TipSet): Uint8Array {
    return randomnessDigest(this.options.randomness, source, epoch, from.height, this.lookupFrom(from));
  }

  /** What messages that execute in `tipSet` can see. */
  environment(tipSet: TipSet): Environment {
    return {
      ...this.options.terms,
      verifier: this.failures.verifierAt(tipSet.height, this.options.terms.verifier),
      epoch: tipSet.height,
      randomness: (source, tag, epoch, entropy) => this.draw(source, tag, epoch, entropy, tipSet),
    };
  }

  /** Makes the next block at the first height that is no null round. */
  produce(): Promise<TipSet> {
    return this.#inTurn(async () => {
      let height = this.head.height + 1;
      while (this.options.randomness.seed.isNullRound(height)) height++;
      const tipSet = await this.#extend(this.head, height, this.mempool.select(this.nextBaseFee));
      this.#switchTo(tipSet);
      return tipSet;
    });
  }

  /** As {@link produce}, after `rounds` null rounds. */
  produceAfterNullRounds(rounds: number): Promise<TipSet> {
    return this.#inTurn(async () => {
      const height = this.head.height + 1 + rounds;
      const tipSet = await this.#extend(this.head, height, this.mempool.select(this.nextBaseFee));
      this.#switchTo(tipSet);
      return tipSet;
    });
  }

  /**
   * Replaces the newest `depth` tipsets by a heavier fork of `depth` + 1. Their messages come back into the fork
   * `delay` blocks later than its first, or not at all when their CID is in `drop`.
   */
  reorg(depth: number, delay: number, drop: ReadonlySet<CidString>): Promise<TipSet> {
    return this.#inTurn(async () => {
      const reverted: TipSet[] = [];
      let base = this.head;
      while (reverted.length < depth) {
        const parent = this.store.parentOf(base);
        if (!parent) throw new BeeproError('DEVNET_REORG_TOO_DEEP', { depth, height: this.head.height });
        reverted.push(base);
        base = parent;
      }
      this.stateAfter(base);
      this.#fork++;
      let waiting = reverted
        .toReversed()
        .flatMap((tipSet) => tipSet.messages)
        .filter(({ cid }) => !drop.has(cid));
      let tip = base;
      for (let index = 0; index <= depth; index++) {
        const due = index >= delay ? selectFrom(this.stateAfter(tip), waiting, this.baseFeeUpon(tip)) : [];
        tip = await this.#extend(tip, tip.height + 1, due);
        waiting = waiting.filter((message) => !due.includes(message));
      }
      for (const cid of drop) this.#vanished.add(cid);
      this.#switchTo(tip);
      return tip;
    });
  }

  /** Takes note of a tipset that was read from disk. */
  remember(tipSet: TipSet, fork: number): void {
    this.messages.add(tipSet);
    this.#fork = Math.max(this.#fork, fork);
  }

  async #extend(parent: TipSet, height: Epoch, messages: readonly ChainMessage[]): Promise<TipSet> {
    const result = this.#resultOf(parent);
    const { genesisTimestamp, blockTimeMs, producer, randomness } = this.options;
    const header = makeHeader(randomness.seed, {
      miner: producer,
      height,
      parent: parent.cid,
      parentHeight: parent.height,
      parentWeight: parent.header.parentWeight + (parent.height === 0 ? 0n : BLOCK_WEIGHT),
      parentStateRoot: result.stateRoot,
      parentReceiptsRoot: result.receiptsRoot,
      baseFee: this.baseFeeUpon(parent),
      timestamp: genesisTimestamp + Math.floor((height * blockTimeMs) / 1000),
      fork: this.#fork,
      messages,
    });
    const tipSet = makeTipSet(header, messages);
    const executed = await this.execute(tipSet);
    this.#record(tipSet, executed.result, this.#fork);
    this.store.add(tipSet, executed.result, executed.state);
    this.messages.add(tipSet);
    return tipSet;
  }

  /** Executes a tipset upon the state after its parent, which must be kept. */
  async execute(tipSet: TipSet): Promise<Executed> {
    const parent = this.store.parentOf(tipSet);
    if (!parent) throw new Error(`the parent of tipset ${tipSet.cid} is unknown`);
    const below = this.lookupFrom(parent);
    const lookup: TipSetLookup = (height, nullRound) =>
      height > parent.height && (height === tipSet.height || nullRound === 'after')
        ? tipSet
        : below(height, nullRound);
    const after = this.stateAfter(parent);
    const state = this.options.overrides?.apply(parent.cid, after, tipSet.height) ?? after;
    return executeTipSet(
      {
        ...this.options.terms,
        verifier: this.failures.verifierAt(tipSet.height, this.options.terms.verifier),
      },
      { height: parent.height, state, stateRoot: this.#resultOf(parent).stateRoot },
      tipSet,
      (source, tag, epoch, entropy) =>
        drawChainRandomness(this.options.randomness, source, tag, epoch, entropy, tipSet.height, lookup),
    );
  }

  #switchTo(tipSet: TipSet): void {
    const changes = headPath(this.store, this.head, tipSet);
    this.store.setHead(tipSet);
    this.mempool.follow(changes, this);
    this.heads.publish(changes);
  }

  /** When no block is in the making. */
  async settled(): Promise<void> {
    await this.#turn;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

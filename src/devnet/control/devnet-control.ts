import { actorIdOf } from '#codec';
import type { AddressString, AttoFil, CidString, Epoch, SectorNumber } from '#core';
import type { BlockClock } from '../chain/block-clock.ts';
import type { Chain } from '../chain/chain.ts';
import type { DevnetNode } from '../node/devnet-node.ts';
import type { Gossip } from '../node/gossip.ts';
import type { FailureLog } from '../storage/failure-log.ts';

export interface ControlParts {
  readonly chain: Chain;
  readonly clock: BlockClock;
  readonly gossip: Gossip;
  readonly nodes: readonly DevnetNode[];
  readonly failureLog: FailureLog;
}

/** The chain in the hands of an in-process test. The same is `Devnet.…` over the API. */
export class DevnetControl {
  readonly #parts: ControlParts;

  constructor(parts: ControlParts) {
    this.#parts = parts;
  }

  get height(): Epoch {
    return this.#parts.chain.head.height;
  }

  /** Makes `blocks` tipsets now. Returns the new height. */
  async mine(blocks = 1): Promise<Epoch> {
    for (let made = 0; made < blocks; made++) await this.#parts.chain.produce();
    return this.height;
  }

  /** Makes tipsets until `height` is reached. */
  async mineTo(height: Epoch): Promise<Epoch> {
    while (this.height < height) await this.#parts.chain.produce();
    return this.height;
  }

  /** Makes one tipset after so many null rounds. */
  async mineAfterNullRounds(rounds: number): Promise<Epoch> {
    await this.#parts.chain.produceAfterNullRounds(rounds);
    return this.height;
  }

  /** Stops the clock: blocks come by {@link mine} alone. */
  pause(): void {
    this.#parts.clock.pause();
  }

  resume(): void {
    this.#parts.clock.resume();
  }

  /** attoFIL for all blocks to come; undefined lets the base fee follow its rule again. */
  setBaseFee(fee: bigint | undefined): void {
    this.#parts.chain.overrideBaseFee(fee);
  }

  /** What the miner (an id address) owes from the next tipset on: the API shows it one tipset later. */
  setFeeDebt(miner: AddressString, feeDebt: AttoFil): void {
    this.#override({ miner: actorIdOf(miner), feeDebt });
  }

  /** As if a consensus fault of the miner had been reported, which counts up to and with epoch `until`; −1: none. */
  setConsensusFault(miner: AddressString, until: Epoch): void {
    this.#override({ miner: actorIdOf(miner), consensusFaultElapsed: until });
  }

  #override(change: { miner: number; feeDebt?: AttoFil; consensusFaultElapsed?: Epoch }): void {
    const { chain } = this.#parts;
    chain.options.overrides?.add({ parent: chain.head.cid, ...change });
  }

  /** attoFIL for the next `epochs` blocks, from where it falls by its rule: an eighth an epoch while blocks are not full. */
  spikeBaseFee(fee: bigint, epochs: number): void {
    this.#parts.chain.overrideBaseFee(fee, epochs);
  }

  /** Takes a message out of every mempool as if it had never come; false when it is in none. */
  dropMessage(cid: CidString): boolean {
    const dropped = this.#parts.gossip.drop(cid);
    if (dropped) for (const node of this.#parts.nodes) node.forget(cid);
    return dropped;
  }

  /** Keeps a message out of blocks, or lets it go. */
  holdMessage(cid: CidString, held = true): void {
    this.#parts.gossip.hold(cid, held);
  }

  /**
   * Replaces the newest `depth` tipsets by a heavier fork. Their messages come into the fork `delay` blocks after
   * its first (beyond the fork: back to the mempool), or vanish when named in `drop`.
   */
  async reorg(depth: number, options: { delay?: number; drop?: readonly CidString[] } = {}): Promise<Epoch> {
    await this.#parts.chain.reorg(depth, options.delay ?? 0, new Set(options.drop));
    return this.height;
  }

  /**
   * From the next block on the PoRep proofs of these sectors do not verify, in the place of those that were named
   * before: a batch is done in part, an aggregate not at all.
   */
  rejectProofs(sectors: readonly SectorNumber[]): void {
    const { chain, failureLog } = this.#parts;
    const entry = { from: this.height + 1, sectors };
    failureLog.append(entry);
    chain.failures.add(entry);
  }

  /** Messages with any of these sectors cannot be estimated, in the place of those that were named before. */
  rejectEstimates(sectors: readonly SectorNumber[]): void {
    this.#parts.chain.failures.refusedEstimates = new Set(sectors);
  }
}

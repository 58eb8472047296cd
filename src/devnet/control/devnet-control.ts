import { actorIdOf } from '#codec';
import type { AddressString, AttoFil, CidString, Epoch } from '#core';
import type { BlockClock } from '../chain/block-clock.ts';
import type { Chain } from '../chain/chain.ts';
import type { MempoolLog } from '../storage/mempool-log.ts';

/** The chain in the hands of an in-process test. The same is `Devnet.…` over the API. */
export class DevnetControl {
  readonly #chain: Chain;
  readonly #clock: BlockClock;
  readonly #mempoolLog: MempoolLog;

  constructor(chain: Chain, clock: BlockClock, mempoolLog: MempoolLog) {
    this.#mempoolLog = mempoolLog;
    this.#chain = chain;
    this.#clock = clock;
  }

  get height(): Epoch {
    return this.#chain.head.height;
  }

  /** Makes `blocks` tipsets now. Returns the new height. */
  async mine(blocks = 1): Promise<Epoch> {
    for (let made = 0; made < blocks; made++) await this.#chain.produce();
    return this.height;
  }

  /** Makes tipsets until `height` is reached. */
  async mineTo(height: Epoch): Promise<Epoch> {
    while (this.height < height) await this.#chain.produce();
    return this.height;
  }

  /** Makes one tipset after so many null rounds. */
  async mineAfterNullRounds(rounds: number): Promise<Epoch> {
    await this.#chain.produceAfterNullRounds(rounds);
    return this.height;
  }

  /** Stops the clock: blocks come by {@link mine} alone. */
  pause(): void {
    this.#clock.pause();
  }

  resume(): void {
    this.#clock.resume();
  }

  /** attoFIL for all blocks to come; undefined lets the base fee follow its rule again. */
  setBaseFee(fee: bigint | undefined): void {
    this.#chain.overrideBaseFee(fee);
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
    this.#chain.options.overrides?.add({ parent: this.#chain.head.cid, ...change });
  }

  /** Takes a message out of the mempool as if it had never come; false when it is not there. */
  dropMessage(cid: CidString): boolean {
    const dropped = this.#chain.mempool.drop(cid);
    if (dropped) this.#mempoolLog.appendDrop(cid);
    return dropped;
  }

  /** Keeps a message out of blocks, or lets it go. */
  holdMessage(cid: CidString, held = true): void {
    this.#chain.mempool.hold(cid, held);
  }

  /**
   * Replaces the newest `depth` tipsets by a heavier fork. Their messages come into the fork `delay` blocks after
   * its first (beyond the fork: back to the mempool), or vanish when named in `drop`.
   */
  async reorg(depth: number, options: { delay?: number; drop?: readonly CidString[] } = {}): Promise<Epoch> {
    await this.#chain.reorg(depth, options.delay ?? 0, new Set(options.drop));
    return this.height;
  }
}

import type { AddressString, CidString, Epoch } from '#core';
import type { ChainApi } from '../rpc/index.ts';
import type { Prices } from './fee.ts';

/** What gas costs at one head, in attoFIL a unit. */
export interface Market extends Prices {
  readonly head: Epoch;
  readonly key: readonly CidString[];
  /** The head's, in seconds of Unix time. */
  readonly timestamp: number;
}

/** The premium is asked for one of so many blocks. Source: Lotus `GasEstimateMessageGas`. */
const PREMIUM_BLOCKS = 10;

/**
 * Reads base fee and premium once a head. Lotus' estimate of the premium looks at what recent blocks paid; sender and
 * gas limit, which it takes, change nothing (`gasEstimateGasPremium`), so one is good for all messages.
 */
export class MarketReader {
  #last: Market | undefined;

  async read(node: ChainApi, from: AddressString): Promise<Market> {
    const head = await node.chainHead();
    if (this.#last && sameKey(this.#last.key, head.cids)) return this.#last;
    const [block] = head.blocks;
    const premium = await node.gasEstimateGasPremium(PREMIUM_BLOCKS, from, 0n, []);
    this.#last = {
      head: head.height,
      key: head.cids,
      timestamp: block?.timestamp ?? 0,
      baseFee: block?.parentBaseFee ?? 0n,
      premium,
    };
    return this.#last;
  }
}

export function sameKey(a: readonly CidString[], b: readonly CidString[]): boolean {
  return a.length === b.length && a.every((cid, index) => cid === b[index]);
}

import type { AddressString, CidString, Epoch } from '#core';
import { SenderBook } from './accounts.ts';
import { GapWatch } from './gaps.ts';
import { MarketReader } from './market.ts';
import { MempoolLooks } from './mempools.ts';

/** The tipset that the last pass looked at: what is no ancestor of the next head was reverted. */
export interface LastLook {
  readonly head: Epoch;
  readonly key: readonly CidString[];
  readonly nonces: ReadonlyMap<AddressString, number>;
}

/**
 * What a pump remembers between two passes, to ask less. Nothing depends on it: a process that starts without it asks
 * everything once.
 */
export class PumpMemory {
  readonly market = new MarketReader();
  readonly book = new SenderBook();
  readonly looks = new MempoolLooks();
  readonly gaps = new GapWatch();
  lastLook: LastLook | undefined;
}

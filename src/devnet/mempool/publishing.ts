import type { AttoFil } from '#core';
import type { ChainMessage } from '../chain/tipset.ts';
import { MINIMUM_BASE_FEE } from '../gas/base-fee.ts';

/** A pushed message is published when its cap is at least the base fee by this. Source: Lotus `baseFeeLowerBoundFactorConservative`. */
export const PUBLISH_FACTOR = 100n;
/** And republished when by this. Source: Lotus `baseFeeLowerBoundFactor`. */
export const REPUBLISH_FACTOR = 10n;
/** Epochs between two republishings, and messages in one. Source: Lotus `RepublishInterval`, `repubMsgLimit`. */
export const REPUBLISH_INTERVAL = 10;
export const REPUBLISH_LIMIT = 30;

/** Whether a message may be included within the next epochs, in which the base fee falls by an eighth each. */
export function coversBaseFee({ signed }: ChainMessage, baseFee: AttoFil, factor: bigint): boolean {
  const { gasFeeCap } = signed.message;
  return gasFeeCap >= MINIMUM_BASE_FEE && gasFeeCap >= baseFee / factor;
}

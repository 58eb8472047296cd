import type { AttoFil } from '#core';

/**
 * What a message has to bring along: the collateral it will lock, with a tenth to spare for the drift until it is
 * included, less what the miner has free. The surplus stays the miner's.
 */
export function collateralToSend(needed: AttoFil, available: AttoFil): AttoFil {
  const withMargin = (needed * 11n) / 10n;
  return withMargin > available ? withMargin - available : 0n;
}

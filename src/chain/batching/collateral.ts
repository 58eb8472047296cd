import type { Settings } from '#config';
import type { ActorId, AttoFil } from '#core';

/** Who brings collateral, and how much more than is asked now. */
export interface CollateralRules {
  readonly source: 'miner-first' | 'sender' | 'miner-only';
  readonly marginPercent: number;
}

/** As the settings of a miner say now. */
export function collateralRules(settings: Pick<Settings, 'get'>, miner: ActorId): CollateralRules {
  return {
    source: settings.get('collateral.source', { miner }),
    marginPercent: settings.get('collateral.margin', { miner }),
  };
}

/** The collateral with its margin, for the drift until the message is included. */
export function withMargin(needed: AttoFil, { marginPercent }: CollateralRules): AttoFil {
  return (needed * BigInt(100 + marginPercent)) / 100n;
}

/**
 * What a message has to bring along: the collateral it will lock with its margin, less what the miner has free; all of
 * it or nothing where the rules say so. The surplus stays the miner's.
 */
export function collateralToSend(needed: AttoFil, available: AttoFil, rules: CollateralRules): AttoFil {
  if (rules.source === 'miner-only') return 0n;
  const wanted = withMargin(needed, rules);
  if (rules.source === 'sender') return wanted;
  return wanted > available ? wanted - available : 0n;
}

import type { Epoch } from '#core';
import { EPOCHS_IN_DAY, expirationRange, type NetworkPolicy } from '../policy/index.ts';

/** How late after it was built a pre-commit may still be included and be within the limits: a day. */
const INCLUSION_MARGIN: Epoch = EPOCHS_IN_DAY;

/**
 * The expiration of a pre-commit built at `head`: the wanted life from now, moved inside what the actor takes at
 * any inclusion from the next epoch to a day later.
 */
export function chooseExpiration(
  policy: NetworkPolicy,
  head: Epoch,
  challengeDelay: Epoch,
  life: Epoch,
): Epoch {
  const earliest = expirationRange(policy, head + 1, challengeDelay);
  const latest = expirationRange(policy, head + INCLUSION_MARGIN, challengeDelay);
  return Math.min(Math.max(head + life, latest.min), earliest.max);
}

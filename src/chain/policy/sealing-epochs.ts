import type { Epoch } from '#core';
import type { NetworkPolicy } from './network-policy.ts';

/** The epoch a ticket is drawn at when PC1 starts at `head`; negative on a young chain, which is accepted. */
export function ticketEpoch(policy: NetworkPolicy, head: Epoch): Epoch {
  return head - policy.ticketLookback;
}

/** The last epoch at which a pre-commit with this ticket may be included: 2880 after the head PC1 started at. */
export function lastPreCommitEpoch(policy: NetworkPolicy, ticket: Epoch): Epoch {
  return ticket + policy.maxPreCommitTicketAge;
}

/**
 * The epoch whose beacon gives the seed. A prove-commit is refused at this epoch and earlier.
 * `challengeDelay` is that of `StateGetNetworkParams`.
 */
export function seedEpoch(preCommitEpoch: Epoch, challengeDelay: Epoch): Epoch {
  return preCommitEpoch + challengeDelay;
}

/** The last epoch at which the prove-commit may be executed. */
export function lastProveCommitEpoch(
  policy: NetworkPolicy,
  preCommitEpoch: Epoch,
  challengeDelay: Epoch,
): Epoch {
  return preCommitEpoch + policy.maxProveCommitDelay + challengeDelay;
}

/**
 * The expirations a pre-commit executed at `inclusion` may carry: long enough for the latest prove-commit and the
 * least life after it, and within the longest life. Source: builtin-actors `validate_expiration`.
 */
export function expirationRange(
  policy: NetworkPolicy,
  inclusion: Epoch,
  challengeDelay: Epoch,
): { readonly min: Epoch; readonly max: Epoch } {
  const activation = lastProveCommitEpoch(policy, inclusion, challengeDelay);
  return {
    min: activation + policy.minSectorExpiration,
    max: inclusion + policy.maxSectorExpirationExtension,
  };
}

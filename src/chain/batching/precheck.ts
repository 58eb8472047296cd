import { sealedCommitment, toHex } from '#codec';
import type { Epoch } from '#core';
import type { SectorRow } from '#db';
import { lastPreCommitEpoch, lastProveCommitEpoch, type NetworkPolicy } from '../policy/index.ts';
import type { PreCommitOnChain, SectorInfo } from '../rpc/index.ts';

/** What the chain says of a sector that is to be pre-committed. */
export interface PreCommitFacts {
  /** The epoch at which the message is expected to be included. */
  readonly inclusion: Epoch;
  /** The number is in `StateMinerAllocated`. */
  readonly isAllocated: boolean;
  /** Asked only when it is. */
  readonly preCommit: PreCommitOnChain | null;
  /** Asked only when it is allocated and there is no pre-commit. */
  readonly sector: SectorInfo | null;
}

export type PreCommitVerdict =
  | { readonly verdict: 'send' }
  | { readonly verdict: 'ticket-expired' }
  /** The chain has a pre-commit of this number already. */
  | { readonly verdict: 'landed'; readonly precommitEpoch: Epoch; readonly commR: string }
  /** It is proven: the database is older than the chain. */
  | { readonly verdict: 'proven' }
  | { readonly verdict: 'number-taken' };

/** Whether a pre-commit of the sector would be accepted. Never sent what the chain would refuse. */
export function preCommitVerdict(
  sector: Pick<SectorRow, 'ticket_epoch' | 'comm_r'>,
  facts: PreCommitFacts,
  policy: NetworkPolicy,
): PreCommitVerdict {
  if (facts.preCommit) {
    const { info, preCommitEpoch } = facts.preCommit;
    return {
      verdict: 'landed',
      precommitEpoch: preCommitEpoch,
      commR: toHex(sealedCommitment(info.sealedCid)),
    };
  }
  if (facts.sector && toHex(sealedCommitment(facts.sector.sealedCid)) === sector.comm_r)
    return { verdict: 'proven' };
  if (facts.isAllocated) return { verdict: 'number-taken' };
  if (sector.ticket_epoch === null) return { verdict: 'ticket-expired' };
  if (facts.inclusion > lastPreCommitEpoch(policy, sector.ticket_epoch)) return { verdict: 'ticket-expired' };
  return { verdict: 'send' };
}

export interface CommitFacts {
  readonly head: Epoch;
  readonly preCommit: PreCommitOnChain | null;
  /** Asked only when there is no pre-commit. */
  readonly sector: SectorInfo | null;
}

/** How a sector's pre-commit stands on chain, for whatever rests on it. */
export type PreCommitStanding =
  | { readonly standing: 'there' }
  | { readonly standing: 'moved'; readonly precommitEpoch: Epoch }
  | { readonly standing: 'other-commR'; readonly commR: string }
  | { readonly standing: 'gone' }
  | { readonly standing: 'expired' }
  /** Proven already. */
  | { readonly standing: 'proven'; readonly sector: SectorInfo };

export function preCommitStanding(
  sector: Pick<SectorRow, 'precommit_epoch' | 'comm_r'>,
  facts: CommitFacts,
  policy: NetworkPolicy,
  challengeDelay: Epoch,
): PreCommitStanding {
  if (facts.sector) return { standing: 'proven', sector: facts.sector };
  if (!facts.preCommit) {
    const known = sector.precommit_epoch;
    const late = known !== null && facts.head > lastProveCommitEpoch(policy, known, challengeDelay);
    return { standing: late ? 'expired' : 'gone' };
  }
  const { info, preCommitEpoch } = facts.preCommit;
  if (facts.head > lastProveCommitEpoch(policy, preCommitEpoch, challengeDelay))
    return { standing: 'expired' };
  const commR = toHex(sealedCommitment(info.sealedCid));
  if (commR !== sector.comm_r) return { standing: 'other-commR', commR };
  if (preCommitEpoch !== sector.precommit_epoch) return { standing: 'moved', precommitEpoch: preCommitEpoch };
  return { standing: 'there' };
}

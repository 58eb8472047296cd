import type { Epoch, Phase } from '#core';
import type { Commit1Output } from '#db';

/** Everything that can happen to a sector. Commitments, tickets, seeds and proofs are lower-case hex. */
export type SectorEvent =
  /** Packing has closed the sector: full, or waited long enough. */
  | { readonly type: 'pieces-closed' }
  | { readonly type: 'add-piece.done'; readonly worker: string; readonly commD: string }
  /** Committed under the fence of the PreCommit1 run that drew it. */
  | { readonly type: 'ticket-drawn'; readonly ticket: string; readonly epoch: Epoch }
  | { readonly type: 'precommit1.done'; readonly commD: string }
  | { readonly type: 'precommit2.done'; readonly commR: string; readonly commD: string }
  | { readonly type: 'commit1.done'; readonly output: Commit1Output }
  | { readonly type: 'commit2.done'; readonly proof: string }
  | { readonly type: 'landing.done' }
  | { readonly type: 'clear-cache.done' }
  | { readonly type: 'unseal.done' }
  | { readonly type: 'remove-files.done' }
  | {
      readonly type: 'phase.failed';
      readonly phase: Phase;
      readonly code: string;
      readonly message: string;
      readonly input?: Readonly<Record<string, unknown>>;
    }
  /** The ticket is too old for a pre-commit, and none names it. */
  | { readonly type: 'ticket-expired' }
  /** A reorg replaced the tipset that the ticket was drawn from. */
  | { readonly type: 'ticket-reverted'; readonly epoch: Epoch }
  | { readonly type: 'precommit-assigned'; readonly message: number }
  /** The message got its nonce: it will be signed. */
  | { readonly type: 'precommit-bound' }
  /** The message was given up before it had a nonce: nothing was signed. */
  | { readonly type: 'precommit-withheld'; readonly code: string; readonly message: string }
  /** The message is final on chain and failed, or its nonce is final with another message. */
  | { readonly type: 'precommit-rejected'; readonly code: string; readonly message: string }
  | { readonly type: 'precommit-landed'; readonly precommitEpoch: Epoch; readonly commR: string }
  /** A reorg included the pre-commit at another epoch. */
  | { readonly type: 'precommit-moved'; readonly precommitEpoch: Epoch }
  /** A reorg dropped the pre-commit; the signed message is pushed again. */
  | { readonly type: 'precommit-gone' }
  /** The pre-commit's time is over: the number and the deposit are lost. */
  | { readonly type: 'precommit-expired' }
  | {
      readonly type: 'seed-ready';
      readonly seed: string;
      readonly seedEpoch: Epoch;
      readonly precommitEpoch: Epoch;
    }
  /** A reorg replaced the tipset that the seed was drawn from, though the pre-commit stayed where it was. */
  | { readonly type: 'seed-moved'; readonly seedEpoch: Epoch }
  | { readonly type: 'commit-assigned'; readonly message: number }
  | { readonly type: 'commit-withheld'; readonly code: string; readonly message: string }
  | { readonly type: 'commit-rejected'; readonly code: string; readonly message: string }
  | {
      readonly type: 'commit-landed';
      readonly activationEpoch: Epoch;
      readonly expiration: Epoch;
      readonly deadline: number | null;
      readonly partition: number | null;
    }
  /** A reorg took the prove-commit off the chain, however final it seemed; the signed message is pushed again. */
  | { readonly type: 'commit-gone' }
  /** The worker that holds the sector's files is gone for good, and they with it. */
  | {
      readonly type: 'host-lost';
      readonly worker: string;
      /** Another worker computes its C2, and has fetched C1's output. */
      readonly commit2Elsewhere: boolean;
      /** What its pre-commit on chain has put at stake; undefined: none is there. */
      readonly stake?: Stake;
    }
  /** The chain says something that no step can mend. */
  | { readonly type: 'park'; readonly code: string; readonly reason: string }
  | { readonly type: 'resume' }
  | { readonly type: 'redo' }
  | { readonly type: 'remove'; readonly force: boolean };

/** What is lost with a sector that is not proven in time, and whether there is time to seal it again. */
export interface Stake {
  /** As people read it: `0.12 FIL`. */
  readonly deposit: string;
  /** The last epoch for its prove-commit. */
  readonly due: Epoch;
  readonly head: Epoch;
  /** Epochs that sealing it again takes, with something to spare. */
  readonly needed: Epoch;
}

export type SectorEventType = SectorEvent['type'];
export type EventOf<T extends SectorEventType> = Extract<SectorEvent, { type: T }>;

/**
 * Every event, with the reason given where a state does not handle it. A refusal changes nothing: late answers
 * and doubled observations end here.
 */
export const EVENTS: Readonly<Record<SectorEventType, string>> = {
  'pieces-closed': 'the sector no longer collects pieces',
  'add-piece.done': 'the sector is not waiting for AddPiece',
  'ticket-drawn': 'a ticket is taken in PreCommit1 only, and never once a pre-commit names the old one',
  'precommit1.done': 'the sector is not in PreCommit1',
  'precommit2.done': 'the sector is not in PreCommit2',
  'commit1.done': 'the sector is not in Commit1',
  'commit2.done': 'the sector is not in Commit2',
  'landing.done': 'the sector is not being landed',
  'clear-cache.done': 'the sector is not in ClearCache',
  'unseal.done': 'nothing of this sector can be unsealed now',
  'remove-files.done': 'the sector is not being removed',
  'phase.failed': 'the sector is not in that phase',
  'ticket-expired': 'the ticket is not open, or a pre-commit names it',
  'ticket-reverted': 'nothing rests on the ticket now',
  'precommit-assigned': 'the sector is not waiting for a pre-commit batch',
  'precommit-bound': 'the sector has no pre-commit under way',
  'precommit-withheld': 'the sector has no pre-commit under way',
  'precommit-rejected': 'the sector has no pre-commit under way',
  'precommit-landed': 'the sector is not waiting for its pre-commit',
  'precommit-moved': 'the epoch of the pre-commit does not matter now',
  'precommit-gone': 'the sector does not rest on a pre-commit now',
  'precommit-expired': 'the sector does not rest on a pre-commit now',
  'seed-ready': 'the sector is not waiting for a seed, or its pre-commit has moved',
  'seed-moved': 'nothing rests on the seed now',
  'commit-assigned': 'the sector is not waiting for a commit batch',
  'commit-withheld': 'the sector has no commit under way',
  'commit-rejected': 'the sector has no commit under way',
  'commit-landed': 'the sector has no commit under way',
  'commit-gone': 'the sector does not count as proven',
  'host-lost': 'nothing of the sector was on that worker alone',
  park: 'a message of this sector is under way and decides, or there is nothing to stop',
  resume: 'only a parked sector can be resumed',
  redo: 'the sector cannot be sealed again from here',
  remove: 'the sector cannot be removed here',
};

export const EVENT_TYPES = Object.keys(EVENTS) as readonly SectorEventType[];

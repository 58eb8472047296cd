import type { BatchForm, ChainApi, SectorWithPieces } from '#chain';
import type { AddressString, AttoFil, Epoch, SectorState } from '#core';
import type { BatchCandidate, MinerRow } from '#db';
import type { FailureKind, SectorEvent } from '#sector';
import type { ChainView } from '../chain-view.ts';
import type { SealingModules } from '../modules.ts';
import type { PassReads } from './pass-reads.ts';

/** One pass over what waits of one miner: the same head, and the same node, for all that is asked. */
export interface BatchPass {
  readonly modules: SealingModules;
  readonly miner: MinerRow;
  readonly view: ChainView;
  readonly reads: PassReads;
  readonly node: ChainApi;
  /** Who signs and pays for a message that brings so much along. */
  readonly sender: (needed: AttoFil) => Promise<AddressString>;
  /** What the miner itself can lock now; nothing once a message of this pass counts on it. */
  readonly funds: () => Promise<AttoFil>;
  readonly spent: () => void;
}

/** What differs between pre-commits and prove-commits; all else of a batch is the same. */
export interface Activity {
  readonly name: 'precommit' | 'commit';
  readonly state: SectorState;
  readonly method: number;
  readonly refusedKind: FailureKind;
  /** How the members stand in the message, when nothing is aggregated. */
  readonly form: BatchForm;
  /** The last epoch at which a message with the sector may be included. */
  lastEpoch(sector: Pick<BatchCandidate, 'ticket_epoch' | 'precommit_epoch'>, view: ChainView): Epoch;
  /** Asks the chain; those that may go into a message. For the others their events have been applied. */
  check(pass: BatchPass, members: readonly SectorWithPieces[]): Promise<SectorWithPieces[]>;
  params(pass: BatchPass, members: readonly SectorWithPieces[], aggregate?: Uint8Array): Uint8Array;
  /** What the message has to bring along. */
  collateral(pass: BatchPass, members: readonly SectorWithPieces[]): Promise<AttoFil>;
  assigned(message: number): SectorEvent;
  /** A batch with the sector would be refused because of it. */
  withheld(code: string, message: string): SectorEvent;
}

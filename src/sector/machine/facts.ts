import type { Phase } from '#core';
import type { SectorPatch, SectorRow } from '#db';

/** What the machine decides from: the sector's row and the phases that have an unfinished run. */
export interface SectorFacts extends SectorRow {
  readonly active: readonly Phase[];
}

/** Columns of the sector's row that a transition changes, beside its state. */
export type SectorChange = Omit<SectorPatch, 'state'>;

/** A phase run that the transition asks for. */
export interface RunRequest {
  readonly phase: Phase;
  /** Back-off before it may start, in ms; 0 is at once. */
  readonly delayMs: number;
  /** Ids and switches for the worker, e.g. `wipe`: nothing in the sector's cache is to be trusted. */
  readonly input?: Readonly<Record<string, unknown>>;
}

/** The outcome of one event: plain data that `applyEvent` writes in one transaction. */
export interface Transition {
  readonly from: SectorFacts['state'];
  readonly to: SectorFacts['state'];
  readonly set: SectorChange;
  readonly start: readonly RunRequest[];
  /** Phases whose unfinished runs are superseded. */
  readonly cancel: readonly Phase[];
  /** The recovery that was spent, when the event was a failure. */
  readonly recovery?: {
    readonly key: string;
    readonly tries: number;
    readonly of: number;
    readonly delayMs: number;
  };
  /** The sector's pieces may be packed again. */
  readonly releasePieces: boolean;
  /** It stays in its state, and its wait there begins anew. */
  readonly waitsAnew?: boolean;
}

/** How the operator scales the table's recoveries, in percent (`sector.retry.…`). */
export interface RetryScale {
  readonly triesPercent: number;
  readonly backoffPercent: number;
}

export interface Rules {
  /** The database's clock. */
  readonly now: Date;
  readonly retry: RetryScale;
}

export const FULL_RETRY: RetryScale = { triesPercent: 100, backoffPercent: 100 };

/**
 * The ticket, data and CommR may not change any more: a pre-commit that names them is assigned, signed or on
 * chain. `precommit_bound_at` is set with the nonce, before anything is signed.
 */
export function isBound(sector: SectorFacts): boolean {
  return (
    sector.precommit_bound_at !== null || sector.precommit_message !== null || sector.precommit_epoch !== null
  );
}

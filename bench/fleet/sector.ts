import type { Phase, SectorState } from '#core';

/** A sector on its way through hosts of some kind. */
export interface SectorOn<Host> {
  readonly id: number;
  state: SectorState;
  /** The host that holds its files; undefined before AddPiece has begun and once the workspace is cleared. */
  host: Host | undefined;
  begunAt: number;
  /** When PC2 ended. */
  sealedAt: number;
  landed: boolean;
  proved: boolean;
  /** Failures of a phase in a row, for the back-off. */
  readonly tries: Partial<Record<Phase, number>>;
}

/** One run of a phase: waiting in a queue, or running on a host. */
export interface RunOn<Host> {
  readonly sector: SectorOn<Host>;
  readonly phase: Phase;
  /** BullMQ's: lower goes first. */
  readonly priority: number;
  /** Whose queue it waits in; undefined: the fleet's. */
  readonly queue: Host | undefined;
  /** It waits in the fleet's queue as well. */
  offered: boolean;
  /** When it could first have been started. */
  readonly readyAt: number;
}

/** A run that a host has claimed. */
export interface ActiveRunOn<Host> {
  readonly run: RunOn<Host>;
  readonly host: Host;
  readonly device: number | undefined;
  readonly startedAt: number;
  readonly fails: boolean;
  ended: boolean;
}

/** Where a sector stands while a phase of it waits or runs. */
export const STATE_OF: Readonly<Partial<Record<Phase, SectorState>>> = {
  'add-piece': 'AddPiece',
  precommit1: 'PreCommit1',
  precommit2: 'PreCommit2',
  commit1: 'Commit1',
  commit2: 'Commit2',
  'clear-cache': 'ClearCache',
};

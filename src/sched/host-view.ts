import type { Phase } from '#core';

/**
 * What a decision on a host's next job is taken from: plain data, read by the agent just before. The fleet
 * simulation fills the same type.
 */
export interface HostView {
  readonly worker: string;
  readonly state: 'active' | 'draining' | 'removed';
  /** How many runs of each phase this host may have at once; a phase that is absent has 0. */
  readonly limits: Readonly<Partial<Record<Phase, number>>>;
  /** Runs that are claimed now. */
  readonly running: Readonly<Partial<Record<Phase, number>>>;
  /** How many sectors may have files here; 0 is no limit. */
  readonly maxSectors: number;
  /** Sectors that have files here, or will: AddPiece runs included. */
  readonly sectors: number;
  /** Names of paused queues: `precommit1`, `precommit1@host-a`. */
  readonly paused: ReadonlySet<string>;
  /** What else a phase must find free before it may start: devices, memory, cores. */
  readonly resources?: readonly ResourceGate[];
}

/** A resource that admits a phase or says why not. */
export interface ResourceGate {
  readonly name: string;
  readonly admits: (phase: Phase, view: HostView) => string | undefined;
}

/** A queue that this host could serve now. */
export interface Candidate {
  readonly phase: Phase;
  readonly queue: 'host' | 'fleet';
}

export type RefusalCode = 'not-active' | 'no-limit' | 'limit-reached' | 'max-sectors' | 'paused' | 'resource';

export interface Refusal {
  readonly phase: Phase;
  readonly code: RefusalCode;
  /** A sentence for the operator: why this host does not take the phase now. */
  readonly reason: string;
}

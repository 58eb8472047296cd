import type { Bytes, Phase, SectorState } from '#core';

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
  /** Takes C2 of sectors whose files lie on other hosts. */
  readonly acceptsOutsideC2: boolean;
  /** Empty: the host has no devices, and PC2 and C2 run on its cores within their limits alone. */
  readonly devices: readonly DeviceView[];
  /** Undefined: not measured, nothing is refused for memory. */
  readonly memory?: MemoryView;
  /** Undefined: not measured, nothing is refused for space. */
  readonly scratch?: ScratchView;
  /** What wave smoothing looks at; undefined: a sector is begun as soon as there is room. */
  readonly pace?: PaceView;
}

/** A GPU, or cores that stand for one. */
export interface DeviceView {
  /** The GPU's UUID, or `cpu:0`. */
  readonly id: string;
  /** The GPU's model, for people. */
  readonly name?: string;
  readonly slots: number;
  /** What holds its slots now: phases of sealing, and proofs of storage by other roles. */
  readonly held: readonly SlotUse[];
  /** Slots that sealing leaves to window and winning PoSt. */
  readonly reservedForPost: number;
  /** Why nothing is started on it; undefined: it is in service. */
  readonly outOfService?: string;
}

export type SlotUse = Phase | 'window-post' | 'winning-post';

/** Physical memory; swap is never counted. */
export interface MemoryView {
  readonly total: Bytes;
  /** What could be used now without swapping, caches dropped (`MemAvailable` of /proc/meminfo). */
  readonly available: Bytes;
  /** What the operator keeps for everything else on the machine. */
  readonly keepFree: Bytes;
  /** Claimed runs: what each may grow to, and what it has already. */
  readonly runs: readonly { readonly need: Bytes; readonly used: Bytes }[];
  /** What one more run of a phase would need, for the largest sectors it may get; absent: nothing to speak of. */
  readonly needs: Readonly<Partial<Record<Phase, Bytes>>>;
  /** What an idle sealer holds already that the next run of a phase would be given. */
  readonly reusable?: Readonly<Partial<Record<Phase, Bytes>>>;
}

/** The disk that sectors are sealed on. */
export interface ScratchView {
  readonly capacity: Bytes;
  /** What can be written now. */
  readonly free: Bytes;
  readonly keepFree: Bytes;
  /** The most that the sectors here will take at one time, each counted at the peak that it has still before it. */
  readonly reserved: Bytes;
  /** What the sectors here have yet to write beyond what they hold. */
  readonly growth: Bytes;
  /** The peak of one more sector of the largest kind that may come. */
  readonly newSector: Bytes;
  /** What a run of a phase writes while it runs; absent: nothing to speak of. */
  readonly writes: Readonly<Partial<Record<Phase, Bytes>>>;
  /** Why the disk could not be measured: nothing that writes is begun. */
  readonly unknown?: string;
}

/** The host's own past and present, from which it smooths the waves in which sectors would else go through it. */
export interface PaceView {
  /** Sectors that have files here, or will, by state: AddPiece runs included. */
  readonly states: Readonly<Partial<Record<SectorState, number>>>;
  /** Mean duration of each phase on this host, in ms; absent: not learned yet. */
  readonly durationsMs: Readonly<Partial<Record<Phase, number>>>;
  /** Mean time from PC2's end to C1's beginning of this host's sectors, in ms; undefined: not learned yet. */
  readonly seedWaitMs?: number;
}

/** A queue that this host could serve now, and where the job would run. */
export interface Candidate {
  readonly phase: Phase;
  readonly queue: 'host' | 'fleet';
  /** The device whose slot it takes. */
  readonly device?: string;
}

export type RefusalCode =
  | 'not-active'
  | 'no-limit'
  | 'limit-reached'
  | 'max-sectors'
  | 'paused'
  | 'device'
  | 'memory'
  | 'scratch'
  | 'pace';

export interface Refusal {
  readonly phase: Phase;
  readonly code: RefusalCode;
  /** A sentence for the operator: why this host does not take the phase now. */
  readonly reason: string;
}

/**
 * The phases of sealing: steps that a worker runs. `queue` says where a run waits:
 * `fleet` runs may be taken by any worker, `host` runs only by the worker that holds the sector's files.
 * `device` runs hold a slot of a device (a GPU, or declared CPU cores).
 */
export interface PhaseInfo {
  readonly queue: 'fleet' | 'host';
  readonly device: boolean;
  readonly label: string;
}

export const PHASES = {
  'add-piece': { queue: 'fleet', device: false, label: 'AP' },
  precommit1: { queue: 'host', device: false, label: 'PC1' },
  precommit2: { queue: 'host', device: true, label: 'PC2' },
  commit1: { queue: 'host', device: false, label: 'C1' },
  commit2: { queue: 'host', device: true, label: 'C2' },
  landing: { queue: 'host', device: false, label: 'Landing' },
  'clear-cache': { queue: 'host', device: false, label: 'Clear' },
  unseal: { queue: 'fleet', device: false, label: 'Unseal' },
  'remove-files': { queue: 'host', device: false, label: 'Remove' },
} as const satisfies Record<string, PhaseInfo>;

export type Phase = keyof typeof PHASES;

export const PHASE_NAMES = Object.keys(PHASES) as readonly Phase[];

/** The phases that every sector passes, in order; landing runs beside Commit2. */
export const SEALING_PHASES = [
  'add-piece',
  'precommit1',
  'precommit2',
  'commit1',
  'commit2',
  'landing',
  'clear-cache',
] as const satisfies readonly Phase[];

export function isPhase(text: string): text is Phase {
  return Object.hasOwn(PHASES, text);
}

import { PHASES, type Phase } from '#core';
import { duration, integer, text } from '../types/index.ts';
import { defineSettings, type SettingDefinition } from './define-settings.ts';
import { perPhase, rename } from './per-phase.ts';

/** Generous for 32 GiB on slow machines: the limit ends what hangs, not what is slow. */
const TIME_LIMITS: Record<Phase, string> = {
  'add-piece': '4h',
  precommit1: '1d',
  precommit2: '6h',
  commit1: '1h',
  commit2: '4h',
  landing: '6h',
  'clear-cache': '1h',
  unseal: '1d',
  'remove-files': '1h',
};

const limits = perPhase(
  (phase): SettingDefinition<number> => ({
    type: integer({ min: 0, max: 100_000, unit: 'runs' }),
    default: '0',
    scope: 'worker',
    doc: `How many ${PHASES[phase].label} runs a worker may have at a time. A worker with no limits takes nothing; a lower limit lets running work end.`,
  }),
);

const timeLimits = perPhase(
  (phase): SettingDefinition<number> => ({
    type: duration({ min: 1_000 }),
    default: TIME_LIMITS[phase],
    scope: 'worker',
    doc: `After how long a ${PHASES[phase].label} run is ended and counted as failed. Far above what the slowest machine needs.`,
  }),
);

export const WORKER_SETTINGS = defineSettings({
  ...rename('worker.limit', limits),
  'worker.max_sectors': {
    type: integer({ min: 0, max: 1_000_000, unit: 'sectors' }),
    default: '0',
    scope: 'worker',
    doc: 'How many sectors may hold workspace on a worker at a time, from AddPiece until their cache is cleared. 0, the default: no bound. A new worker still takes nothing, since its limits are 0.',
  },
  'worker.class': {
    type: text(/^[A-Za-z0-9._-]{0,62}$/, 'a name of letters, digits, dots, dashes, or empty'),
    default: '',
    scope: 'worker',
    doc: 'The class of a worker: settings for class:NAME count for all its workers. Set it for worker:NAME.',
  },
  'worker.heartbeat_interval': {
    type: duration({ min: 200, max: 60_000 }),
    default: '5s',
    scope: 'global',
    doc: 'How often a worker renews its heartbeat and its claims. Well below worker.heartbeat_expiry.',
  },
  'worker.heartbeat_expiry': {
    type: duration({ min: 1_000, max: 3_600_000 }),
    default: '60s',
    scope: 'global',
    doc: 'After how long without a heartbeat a claim is given to another, and a worker is shown as away. Shorter finds a dead host sooner; longer forgives an overloaded one.',
  },
  'worker.lease_ttl': {
    type: duration({ min: 1_000, max: 600_000 }),
    default: '30s',
    scope: 'global',
    doc: 'How long a host’s lease holds without renewal. A second agent on a host waits that long, unless the first is seen to be dead.',
  },
  'worker.poll_interval': {
    type: duration({ min: 100, max: 300_000 }),
    default: '10s',
    scope: 'worker',
    doc: 'How often a worker looks into its queues although nothing woke it: the net below lost wake-ups.',
  },
  ...rename('phase.time_limit', timeLimits),
});

import { duration } from '../types/index.ts';
import { defineSettings } from './define-settings.ts';

export const COORDINATOR_SETTINGS = defineSettings({
  'coordinator.sweep_interval': {
    type: duration({ min: 200, max: 600_000 }),
    default: '5s',
    scope: 'global',
    doc: 'How often the sealing role compares the queues with the database, gives expired claims to others, and queues runs whose back-off has passed.',
  },
  'coordinator.outbox_interval': {
    type: duration({ min: 100, max: 60_000 }),
    default: '1s',
    scope: 'global',
    doc: 'How often jobs that their transaction could not publish itself are published.',
  },
  'coordinator.lease_ttl': {
    type: duration({ min: 1_000, max: 600_000 }),
    default: '15s',
    scope: 'global',
    doc: 'How long a duty of the sealing role (batching, messages, sweeping) stays with a process that has fallen silent.',
  },
  'coordinator.outbox_keep': {
    type: duration({ min: 60_000 }),
    default: '1d',
    scope: 'global',
    doc: 'How long published outbox rows are kept for looking back.',
  },
});

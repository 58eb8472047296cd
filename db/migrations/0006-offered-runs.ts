import type { Migration } from './migration.ts';

export const offeredRuns: Migration = {
  number: 6,
  name: 'offered-runs',
  steps: ['ALTER TABLE phase_run ADD COLUMN offered_at DATETIME(3) NULL AFTER queue_worker'],
};

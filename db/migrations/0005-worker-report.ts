import type { Migration } from './migration.ts';

export const workerReport: Migration = {
  number: 5,
  name: 'worker-report',
  steps: ['ALTER TABLE worker ADD COLUMN report JSON NULL AFTER capabilities'],
};

import type { Migration } from './migration.ts';

export const reportedAt: Migration = {
  number: 14,
  name: 'reported-at',
  steps: [
    // Heartbeats come without a report: the moment that a report tells of is another than that of the last sign of life.
    'ALTER TABLE worker ADD COLUMN reported_at DATETIME(3) NULL AFTER report',
  ],
};

import type { Migration } from './migration.ts';

export const activityWaits: Migration = {
  number: 11,
  name: 'activity-waits',
  steps: [
    // Why no batch of an activity goes out for a miner, for people: nothing is decided from it.
    `ALTER TABLE miner_activity
      ADD COLUMN wait_code VARCHAR(64) NULL,
      ADD COLUMN wait_message VARCHAR(2048) NULL,
      ADD COLUMN waits_since DATETIME(3) NULL`,
  ],
};

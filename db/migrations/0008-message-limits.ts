import type { Migration } from './migration.ts';

export const messageLimits: Migration = {
  number: 8,
  name: 'message-limits',
  steps: [
    // The last epoch at which inclusion is of use, and the epoch at which the gas limit was estimated.
    `ALTER TABLE message
      ADD COLUMN deadline_epoch BIGINT NULL AFTER max_fee,
      ADD COLUMN estimated_epoch BIGINT NULL AFTER gas_limit`,
  ],
};

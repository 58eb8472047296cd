import { type Migration, TABLE_OPTIONS } from './migration.ts';

export const batching: Migration = {
  number: 11,
  name: 'batching',
  steps: [
    // The operator's `batch send now`, and what holds a batch up: one row for each miner and kind of batch.
    `CREATE TABLE batch_queue (
      miner BIGINT NOT NULL,
      activity VARCHAR(32) NOT NULL,
      ordered_at DATETIME(3) NULL,
      ordered_by VARCHAR(255) NULL,
      blocked_at DATETIME(3) NULL,
      blocked_code VARCHAR(64) NULL,
      blocked_message VARCHAR(2048) NULL,
      PRIMARY KEY (miner, activity),
      CONSTRAINT batch_queue_miner FOREIGN KEY (miner) REFERENCES miner (id)
    ) ${TABLE_OPTIONS}`,
    // Whom the chain is to tell of a piece when its sector is proven, and the payload (hex) that it is told with.
    `ALTER TABLE piece
      ADD COLUMN notify_address VARCHAR(128) NULL,
      ADD COLUMN notify_payload TEXT NULL`,
  ],
};

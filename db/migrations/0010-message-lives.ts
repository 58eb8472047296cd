import { type Migration, TABLE_OPTIONS } from './migration.ts';

export const messageLives: Migration = {
  number: 10,
  name: 'message-lives',
  steps: [
    // What keeps a message and since when; whether its nonce is to be freed, and what the row signs next.
    `ALTER TABLE message
      ADD COLUMN fee_needed DECIMAL(38, 0) NULL AFTER max_fee,
      ADD COLUMN waits_since DATETIME(3) NULL AFTER error_message,
      ADD COLUMN cancel_code VARCHAR(64) NULL AFTER waits_since,
      ADD COLUMN cancel_reason VARCHAR(1024) NULL AFTER cancel_code,
      ADD COLUMN signs_cancel TINYINT(1) NOT NULL DEFAULT 0 AFTER cancel_reason,
      ADD COLUMN seen_at DATETIME(3) NULL AFTER pushed_at`,

    `ALTER TABLE message_version
      ADD COLUMN is_cancel TINYINT(1) NOT NULL DEFAULT 0 AFTER gas_premium`,

    // Which nodes have taken the newest version, and which are to be tried again.
    `CREATE TABLE message_node (
      message_id BIGINT NOT NULL,
      node VARCHAR(255) NOT NULL,
      cid VARCHAR(128) NOT NULL,
      has_it TINYINT(1) NOT NULL,
      tries INT NOT NULL DEFAULT 0,
      not_before DATETIME(3) NULL,
      error_code VARCHAR(64) NULL,
      updated_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      PRIMARY KEY (message_id, node),
      CONSTRAINT message_node_message FOREIGN KEY (message_id) REFERENCES message (id) ON DELETE CASCADE
    ) ${TABLE_OPTIONS}`,

    // Messages of our senders that no row of ours has made: other software's, or ones that this database forgot.
    `CREATE TABLE foreign_message (
      from_address VARCHAR(128) NOT NULL,
      nonce BIGINT NOT NULL,
      cid VARCHAR(128) NULL,
      to_address VARCHAR(128) NULL,
      method BIGINT NULL,
      value DECIMAL(38, 0) NULL,
      content MEDIUMTEXT NULL,
      \`signed\` MEDIUMTEXT NULL,
      adopted_by BIGINT NULL,
      seen_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      settled_at DATETIME(3) NULL,
      PRIMARY KEY (from_address, nonce)
    ) ${TABLE_OPTIONS}`,
  ],
};

import { type Migration, TABLE_OPTIONS } from './migration.ts';

export const messages: Migration = {
  number: 4,
  name: 'messages',
  steps: [
    // One intent, one nonce: (from_address, nonce) is unique, rows without a nonce aside.
    `CREATE TABLE message (
      id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      miner BIGINT NOT NULL,
      purpose VARCHAR(64) NOT NULL,
      from_address VARCHAR(128) NOT NULL,
      to_address VARCHAR(128) NOT NULL,
      method BIGINT NOT NULL,
      value DECIMAL(38, 0) NOT NULL,
      params MEDIUMTEXT NOT NULL,
      state VARCHAR(16) NOT NULL,
      nonce BIGINT NULL,
      cid VARCHAR(128) NULL,
      max_fee DECIMAL(38, 0) NOT NULL,
      gas_limit BIGINT NULL,
      gas_fee_cap DECIMAL(38, 0) NULL,
      gas_premium DECIMAL(38, 0) NULL,
      inclusion_epoch BIGINT NULL,
      execution_epoch BIGINT NULL,
      exit_code INT NULL,
      return_value MEDIUMTEXT NULL,
      gas_used BIGINT NULL,
      error_code VARCHAR(64) NULL,
      error_message VARCHAR(2048) NULL,
      tries INT NOT NULL DEFAULT 0,
      not_before DATETIME(3) NULL,
      created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      pushed_at DATETIME(3) NULL,
      landed_at DATETIME(3) NULL,
      final_at DATETIME(3) NULL,
      UNIQUE KEY message_nonce (from_address, nonce),
      KEY message_state (state, not_before, id),
      KEY message_miner (miner, id),
      KEY message_cid (cid),
      CONSTRAINT message_miner FOREIGN KEY (miner) REFERENCES miner (id),
      CONSTRAINT message_state CHECK (state IN
        ('intent', 'nonce', 'signed', 'pushed', 'landed', 'final', 'failed', 'replaced', 'cancelled'))
    ) ${TABLE_OPTIONS}`,

    `CREATE TABLE message_version (
      id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      message_id BIGINT NOT NULL,
      cid VARCHAR(128) NOT NULL,
      gas_limit BIGINT NOT NULL,
      gas_fee_cap DECIMAL(38, 0) NOT NULL,
      gas_premium DECIMAL(38, 0) NOT NULL,
      \`signed\` MEDIUMTEXT NOT NULL,
      created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      UNIQUE KEY message_version_cid (cid),
      KEY message_version_message (message_id, id),
      CONSTRAINT message_version_message FOREIGN KEY (message_id) REFERENCES message (id)
    ) ${TABLE_OPTIONS}`,

    `CREATE TABLE message_sector (
      message_id BIGINT NOT NULL,
      miner BIGINT NOT NULL,
      number BIGINT NOT NULL,
      position INT NOT NULL,
      exit_code INT NULL,
      PRIMARY KEY (message_id, miner, number),
      KEY message_sector_sector (miner, number, message_id),
      CONSTRAINT message_sector_message FOREIGN KEY (message_id) REFERENCES message (id),
      CONSTRAINT message_sector_sector FOREIGN KEY (miner, number) REFERENCES sector (miner, number)
    ) ${TABLE_OPTIONS}`,

    `CREATE TABLE sender (
      address VARCHAR(128) NOT NULL PRIMARY KEY,
      next_nonce BIGINT NOT NULL
    ) ${TABLE_OPTIONS}`,
  ],
};

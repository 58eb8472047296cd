import { type Migration, TABLE_OPTIONS } from './migration.ts';

export const minersAndSettings: Migration = {
  number: 1,
  name: 'miners-and-settings',
  steps: [
    `CREATE TABLE miner (
      id BIGINT NOT NULL PRIMARY KEY,
      network VARCHAR(64) NOT NULL,
      sector_size VARCHAR(8) NOT NULL,
      owner VARCHAR(128) NOT NULL,
      worker VARCHAR(128) NOT NULL,
      sender VARCHAR(128) NULL,
      next_sector_number BIGINT NOT NULL DEFAULT 0,
      created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
    ) ${TABLE_OPTIONS}`,

    // Batches of one kind for one miner are formed by whoever holds this row: two coordinators never share members.
    `CREATE TABLE miner_activity (
      miner BIGINT NOT NULL,
      activity VARCHAR(32) NOT NULL,
      PRIMARY KEY (miner, activity),
      CONSTRAINT miner_activity_miner FOREIGN KEY (miner) REFERENCES miner (id)
    ) ${TABLE_OPTIONS}`,

    `CREATE TABLE setting (
      name VARCHAR(96) NOT NULL,
      scope VARCHAR(96) NOT NULL DEFAULT '*',
      value VARCHAR(4096) NOT NULL,
      updated_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      PRIMARY KEY (name, scope)
    ) ${TABLE_OPTIONS}`,

    // The newest row of a (name, scope) is also the last value that anyone acknowledged.
    `CREATE TABLE setting_history (
      id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      name VARCHAR(96) NOT NULL,
      scope VARCHAR(96) NOT NULL,
      old_value VARCHAR(4096) NULL,
      new_value VARCHAR(4096) NULL,
      who VARCHAR(128) NOT NULL,
      changed_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      KEY setting_history_setting (name, scope, id)
    ) ${TABLE_OPTIONS}`,

    `CREATE TABLE setting_version (
      id TINYINT NOT NULL PRIMARY KEY,
      version BIGINT NOT NULL,
      fingerprint VARCHAR(64) NOT NULL,
      CONSTRAINT setting_version_single CHECK (id = 1)
    ) ${TABLE_OPTIONS}`,
    "INSERT IGNORE INTO setting_version (id, version, fingerprint) VALUES (1, 0, '0:0')",

    `CREATE TABLE params_trust (
      network VARCHAR(64) NOT NULL,
      file VARCHAR(255) NOT NULL,
      digest VARCHAR(128) NOT NULL,
      who VARCHAR(128) NOT NULL,
      trusted_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      PRIMARY KEY (network, file)
    ) ${TABLE_OPTIONS}`,
  ],
};

import { type Migration, TABLE_OPTIONS } from './migration.ts';

export const workersAndLeases: Migration = {
  number: 2,
  name: 'workers-and-leases',
  steps: [
    `CREATE TABLE worker (
      name VARCHAR(96) NOT NULL PRIMARY KEY,
      class VARCHAR(64) NOT NULL DEFAULT '',
      state VARCHAR(16) NOT NULL DEFAULT 'active',
      boot_id VARCHAR(64) NOT NULL,
      host_epoch BIGINT NOT NULL,
      pid BIGINT NOT NULL,
      version VARCHAR(64) NOT NULL,
      capabilities JSON NOT NULL,
      heartbeat_at DATETIME(3) NOT NULL,
      registered_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      CONSTRAINT worker_state CHECK (state IN ('active', 'draining', 'removed'))
    ) ${TABLE_OPTIONS}`,

    `CREATE TABLE lease (
      name VARCHAR(128) NOT NULL PRIMARY KEY,
      holder VARCHAR(128) NOT NULL,
      token BIGINT NOT NULL,
      expires_at DATETIME(3) NOT NULL
    ) ${TABLE_OPTIONS}`,

    `CREATE TABLE queue_pause (
      queue VARCHAR(128) NOT NULL PRIMARY KEY,
      who VARCHAR(128) NOT NULL,
      paused_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
    ) ${TABLE_OPTIONS}`,

    `CREATE TABLE storage_path (
      id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
      name VARCHAR(96) NOT NULL,
      path VARCHAR(1024) NOT NULL,
      miner BIGINT NULL,
      can_seal TINYINT(1) NOT NULL,
      can_store TINYINT(1) NOT NULL,
      weight INT NOT NULL DEFAULT 1,
      state VARCHAR(16) NOT NULL DEFAULT 'active',
      created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      UNIQUE KEY storage_path_name (name),
      CONSTRAINT storage_path_miner FOREIGN KEY (miner) REFERENCES miner (id),
      CONSTRAINT storage_path_state CHECK (state IN ('active', 'read-only', 'removed'))
    ) ${TABLE_OPTIONS}`,
  ],
};

import { type Migration, TABLE_OPTIONS } from './migration.ts';

export const chainNodes: Migration = {
  number: 9,
  name: 'chain-nodes',
  steps: [
    // One row: the chain that this installation belongs to, as its nodes told it at the first contact.
    `CREATE TABLE chain_identity (
      id TINYINT NOT NULL PRIMARY KEY,
      network_name VARCHAR(128) NOT NULL,
      genesis_cid VARCHAR(128) NOT NULL,
      network_version INT NOT NULL,
      recorded_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      CONSTRAINT chain_identity_one CHECK (id = 1)
    ) ${TABLE_OPTIONS}`,

    `CREATE TABLE chain_node (
      url VARCHAR(512) NOT NULL PRIMARY KEY,
      node VARCHAR(255) NOT NULL,
      position INT NOT NULL,
      state VARCHAR(16) NOT NULL,
      reason VARCHAR(512) NOT NULL,
      error_code VARCHAR(64) NULL,
      network_name VARCHAR(128) NULL,
      network_version INT NULL,
      height BIGINT NULL,
      lag BIGINT NULL,
      latency_ms DOUBLE NULL,
      error_rate DOUBLE NOT NULL,
      calls BIGINT NOT NULL,
      errors BIGINT NOT NULL,
      recent JSON NOT NULL,
      seen_at DATETIME(3) NOT NULL
    ) ${TABLE_OPTIONS}`,
  ],
};

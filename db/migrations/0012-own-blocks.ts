import { type Migration, TABLE_OPTIONS } from './migration.ts';

export const ownBlocks: Migration = {
  number: 12,
  name: 'own-blocks',
  steps: [
    // One row an epoch, for ever: its key is what keeps a miner from signing two blocks of one epoch.
    `CREATE TABLE own_block (
      miner BIGINT NOT NULL,
      epoch BIGINT NOT NULL,
      parents JSON NOT NULL,
      parents_key CHAR(64) NOT NULL,
      base_height BIGINT NOT NULL,
      ticket VARCHAR(256) NOT NULL,
      wins INT NOT NULL,
      lease_token BIGINT NOT NULL,
      holder VARCHAR(255) NOT NULL,
      state VARCHAR(16) NOT NULL,
      reason VARCHAR(2048) NULL,
      cid VARCHAR(128) NULL,
      block MEDIUMTEXT NULL,
      claimed_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
      signed_at DATETIME(3) NULL,
      submitted_at DATETIME(3) NULL,
      PRIMARY KEY (miner, epoch),
      UNIQUE KEY own_block_parents (miner, parents_key),
      KEY own_block_state (miner, state, epoch),
      CONSTRAINT own_block_miner FOREIGN KEY (miner) REFERENCES miner (id),
      CONSTRAINT own_block_state CHECK (state IN
        ('claimed', 'signed', 'submitted', 'included', 'orphaned', 'forfeited'))
    ) ${TABLE_OPTIONS}`,

    `CREATE TABLE mining_history (
      miner BIGINT NOT NULL PRIMARY KEY,
      known_from BIGINT NOT NULL,
      because VARCHAR(512) NOT NULL,
      changed_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
      CONSTRAINT mining_history_miner FOREIGN KEY (miner) REFERENCES miner (id)
    ) ${TABLE_OPTIONS}`,
  ],
};

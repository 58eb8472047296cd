import { type Migration, TABLE_OPTIONS } from './migration.ts';

export const pledgeDecisions: Migration = {
  number: 7,
  name: 'pledge-decisions',
  steps: [
    `CREATE TABLE pledge_decision (
      miner BIGINT NOT NULL PRIMARY KEY,
      decided_at DATETIME(3) NOT NULL,
      pledged INT NOT NULL,
      reason VARCHAR(2048) NOT NULL,
      facts JSON NOT NULL,
      pledged_at DATETIME(3) NULL,
      CONSTRAINT pledge_decision_miner FOREIGN KEY (miner) REFERENCES miner (id)
    ) ${TABLE_OPTIONS}`,
  ],
};

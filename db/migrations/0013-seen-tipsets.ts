import { type Migration, TABLE_OPTIONS } from './migration.ts';

export const seenTipsets: Migration = {
  number: 13,
  name: 'seen-tipsets',
  steps: [
    // The heads that the coordinator decided from, back to finality: where they leave the chain, a reorg has been.
    `CREATE TABLE seen_tipset (
      height BIGINT NOT NULL PRIMARY KEY,
      tipset VARCHAR(4096) NOT NULL,
      seen_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
    ) ${TABLE_OPTIONS}`,
    // Workers share a ticket of (miner, epoch); a reorg voids what was drawn above it.
    'ALTER TABLE sector ADD KEY sector_ticket (miner, ticket_epoch)',
  ],
};

import { defineErrors } from './define.ts';

/** Blocks, and what keeps a miner from signing two of one epoch. */
export const MINING_ERRORS = defineErrors({
  MINING_FORK_REFUSED: {
    severity: 'permanent',
    message: 'A block of epoch {epoch} was not signed: {detail}',
    cure: 'Nothing to do: signing it could have been a consensus fault. The epoch is lost, the next one is mined.',
  },
  MINING_HISTORY_UNKNOWN: {
    severity: 'temporary',
    message: 'Nothing is signed before epoch {knownFrom}, which is not reached at {epoch}: {because}',
    cure: 'Wait: mining goes on by itself. If the clock was wrong when this was written, see beepro proving blocks.',
  },
  MINING_NOT_DURABLE: {
    severity: 'permanent',
    message: 'The database may lose its newest commits in a power cut (innodb_flush_log_at_trx_commit)',
    cure: 'Set innodb_flush_log_at_trx_commit = 1: without it a block could be signed twice, which costs the miner.',
  },
  MINING_WATERMARK_UNREADABLE: {
    severity: 'permanent',
    message: 'The record of signed blocks {path} cannot be read: {detail}',
    cure: 'Restore it. If it is lost, remove it: nothing is signed until two epochs from then have passed.',
  },
});

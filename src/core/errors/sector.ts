import { defineErrors } from './define.ts';

/** The sector's life: refused commands, and the reasons for which a sector is redone or parked. */
export const SECTOR_ERRORS = defineErrors({
  SECTOR_EVENT_REFUSED: {
    severity: 'permanent',
    message: 'Sector {sector} is in {state}: {event} is not possible, {reason}',
    cure: 'Look at it with `beepro sector show {sector}`; nothing was changed.',
  },
  SECTOR_TICKET_EXPIRED: {
    severity: 'permanent',
    message: 'The ticket of epoch {ticketEpoch} is too old for a pre-commit at epoch {epoch}',
    cure: 'The sector is sealed again with a new ticket. If this returns, sealing takes longer than a ticket lives.',
  },
  SECTOR_SEED_MOVED: {
    severity: 'permanent',
    message: 'The pre-commit is at epoch {actual} on chain, the seed was drawn for epoch {expected}',
    cure: 'Commit1 and Commit2 are computed again for the new seed, without anybody’s help.',
  },
  SECTOR_COMMR_DIFFERS: {
    severity: 'permanent',
    message: 'The replica has CommR {actual}, the chain has {expected}',
    cure: 'The data, ticket or files are not those of the pre-commit. Redo the sector; if CommR differs again, remove it.',
  },
  SECTOR_COMMD_DIFFERS: {
    severity: 'permanent',
    message: 'The data has CommD {actual}, the pre-commit names {expected}',
    cure: 'A piece was lost or changed. Restore the stored pieces and resume, or remove the sector.',
  },
  SECTOR_PRECOMMIT_EXPIRED: {
    severity: 'permanent',
    message: 'The pre-commit has expired on chain',
    cure: 'Its number and deposit are lost. Remove the sector and pledge another.',
  },
  SECTOR_TICKET_REVERTED: {
    severity: 'permanent',
    message: 'A reorg replaced the tipset that the ticket was drawn from',
    cure: 'Before its pre-commit the sector is sealed again with a new ticket. After it nothing can be proven: remove the sector and pledge another. Check that all Lotus nodes follow one chain.',
  },
  SECTOR_PRECOMMIT_UNSTEADY: {
    severity: 'permanent',
    message: 'The chain reverts the pre-commit again and again',
    cure: 'Check that the Lotus node is in sync with the network, then resume the sector.',
  },
  SECTOR_NUMBER_TAKEN: {
    severity: 'permanent',
    message: 'Sector number {number} is allocated on chain already',
    cure: 'Other software uses this miner’s numbers too. Remove the sector and pledge another.',
  },
  SECTOR_ALREADY_PROVEN: {
    severity: 'permanent',
    message: 'The chain has the sector proven, the database does not know of it',
    cure: 'The database was restored from an older copy. Bring a newer one back; do not remove the sector, for the chain expects proofs of its files.',
  },
  SECTOR_MESSAGE_FAILED: {
    severity: 'permanent',
    message: 'The message of the sector failed on chain with exit code {exitCode}',
    cure: 'The message names the actor’s reason; the sector is batched again, some times, and then parked.',
  },
  SECTOR_HOST_LOST: {
    severity: 'permanent',
    message: 'Its files were on {worker}, which is lost: {detail}',
    cure: 'If that machine comes back with its files, start its worker and resume the sector. Else redo it, to be sealed again elsewhere although time is short, or remove it: then the deposit is lost.',
  },
  MINER_UNKNOWN: {
    severity: 'permanent',
    message: 'Miner {miner} is not known here',
    cure: 'Add it with `beepro miner add`.',
  },
  MINER_NETWORK_DIFFERS: {
    severity: 'permanent',
    message: 'Miner {miner} belongs to network {expected}, the node follows {actual}',
    cure: 'Point the chain settings at a node of the right network.',
  },
  MINER_SECTOR_SIZE_UNKNOWN: {
    severity: 'permanent',
    message: 'Miner {miner} has a sector size of {bytes} bytes, which no seal proof has',
    cure: 'Check that this is a storage miner of a Filecoin network.',
  },
  RUN_SUPERSEDED: {
    severity: 'permanent',
    message: 'Run {runId} (attempt {attempt}, claim {claim}) is no longer the one that counts',
    cure: 'Nothing needs to be done: another attempt has taken its place.',
  },
});

import { describe, expect, it } from 'vitest';
import { ERRORS, PHASE_NAMES } from '#core';
import { failureKind, RECOVERIES } from '#sector';

describe('failureKind', () => {
  it.each([
    // A half-encoded or wrong replica is restored by PC1, with the same ticket.
    ['precommit2', 'SEALER_REPLICA_NOT_FRESH', 'replica', 'restore'],
    ['precommit2', 'SEALER_REPLICA_INVALID', 'replica', 'restore'],
    ['precommit2', 'SEALER_PANIC', 'crash', 'again'],
    ['precommit2', 'SEALER_LIBRARY', 'replica', 'restore'],
    // "Invalid vanilla proof": nothing in the cache is trusted.
    ['commit1', 'SEALER_LIBRARY', 'cache', 'redo'],
    ['commit1', 'SEALER_CACHE_CORRUPT', 'cache', 'redo'],
    ['precommit1', 'SEALER_STALE_KEY', 'cache', 'redo'],
    ['precommit1', 'SEALER_DATA_MISMATCH', 'cache', 'redo'],
    ['commit2', 'SEALER_PROOF_INVALID', 'proof', 'commit1'],
    ['commit2', 'SEALER_FILE_MISSING', 'proof', 'commit1'],
    ['commit2', 'SEALER_DIGEST_MISMATCH', 'proof', 'commit1'],
    ['commit2', 'SECTOR_SEED_MOVED', 'seed', 'wait-seed'],
    ['clear-cache', 'SECTOR_SEED_MOVED', 'seed', 'wait-seed'],
    ['clear-cache', 'STORAGE_COPY_DIFFERS', 'landed', 'land'],
    ['precommit2', 'SECTOR_TICKET_EXPIRED', 'ticket', 'new-ticket'],
    ['add-piece', 'SEALER_DATA_MISMATCH', 'data', 'park'],
    ['add-piece', 'SECTOR_NUMBER_TAKEN', 'data', 'park'],
    ['commit1', 'SECTOR_COMMR_DIFFERS', 'data', 'park'],
    ['landing', 'STORAGE_COPY_DIFFERS', 'copy', 'again'],
    ['landing', 'STORAGE_NO_SPACE', 'space', 'again'],
    ['precommit1', 'SEALER_NO_SPACE', 'space', 'again'],
    ['commit2', 'SEALER_PARAMS_MISSING', 'params', 'again'],
    ['commit1', 'CHAIN_UNREACHABLE', 'chain', 'again'],
    ['precommit1', 'WORKER_CRASHED', 'crash', 'again'],
    ['precommit1', 'WORKER_TIME_LIMIT', 'time-limit', 'again'],
    ['precommit1', 'SEALER_TIME_LIMIT', 'time-limit', 'again'],
    ['precommit1', 'SEALER_SECTOR_BUSY', 'temporary', 'again'],
    ['remove-files', 'SOMETHING_UNHEARD_OF', 'permanent', 'again'],
  ] as const)('%s failing with %s is %s: %s', (phase, code, kind, goTo) => {
    expect(failureKind(phase, code)).toBe(kind);
    expect(RECOVERIES[kind].goTo).toBe(goTo);
  });

  it('knows a kind for every error code in every phase', () => {
    for (const phase of PHASE_NAMES) {
      for (const code of Object.keys(ERRORS))
        expect(RECOVERIES[failureKind(phase, code)], `${phase} ${code}`).toBeDefined();
    }
  });
});

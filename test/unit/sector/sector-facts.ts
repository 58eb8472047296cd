import type { SectorFacts } from '../../../src/sector/machine/facts.ts';

/** A committed-capacity sector that has just been pledged. */
export function sectorFacts(change: Partial<SectorFacts> = {}): SectorFacts {
  const at = new Date('2026-01-01T00:00:00Z');
  return {
    miner: 1000,
    number: 7,
    state: 'AddPiece',
    state_at: at,
    kind: 'cc',
    seal_proof: 5,
    worker: null,
    ticket: null,
    ticket_epoch: null,
    comm_d: null,
    comm_r: null,
    precommit_bound_at: null,
    precommit_message: null,
    precommit_epoch: null,
    seed: null,
    seed_epoch: null,
    commit1_output: null,
    proof: null,
    proof_at: null,
    landed_at: null,
    cleared_at: null,
    commit_message: null,
    activation_epoch: null,
    expiration: null,
    deadline: null,
    partition_number: null,
    unproven: false,
    parked_from: null,
    parked_code: null,
    parked_reason: null,
    recoveries: {},
    created_at: at,
    active: ['add-piece'],
    ...change,
  };
}

import type { SectorState } from '#core';
import {
  failed,
  isBurnt,
  LANDING_DONE,
  NEW_TICKET,
  ON_HOST_LOST,
  ON_PRECOMMIT,
  PARK,
  PRECOMMIT_EXPIRED,
  PRECOMMIT_LANDED,
  proving,
  REDO,
  REDO_NOW,
  REMOVE,
  reverted,
  SEED_MOVED,
  type StateEntry,
  TICKET_REVERTED,
  UNPARKED,
  UNSEALED,
  unbound,
  uncommitted,
} from './cells.ts';
import { isBound } from './facts.ts';
import { HOST_LOST } from './host-lost.ts';
import { recover, resume, succeeded } from './recover.ts';
import {
  afterSealed,
  enterCommit2,
  joinCommit2,
  park,
  redo,
  refuse,
  run,
  SEALING_PHASES,
  step,
} from './step.ts';

/**
 * The sector's life: states × events. `docs/sector-states.md` is drawn from this table.
 * Sources of the chain's rules: builtin-actors `miner` (pre-commit, prove-commit), FIP-0076, FIP-0059.
 */
export const TABLE: Readonly<Record<SectorState, StateEntry>> = {
  Packing: {
    meaning: 'collects pieces until it is full or has waited long enough',
    on: {
      'pieces-closed': { to: ['AddPiece'], do: () => step('AddPiece', { start: [run('add-piece')] }) },
      park: PARK,
      remove: REMOVE,
    },
  },
  AddPiece: {
    meaning: 'a worker with room for it writes its unsealed data',
    on: {
      'add-piece.done': {
        to: ['PreCommit1', 'Parked'],
        do: (sector, event) => {
          if (isBound(sector) && sector.comm_d !== null && sector.comm_d !== event.commD) {
            return park(
              sector,
              'SECTOR_COMMD_DIFFERS',
              `the data has CommD ${event.commD}, the pre-commit names ${sector.comm_d}`,
            );
          }
          return step('PreCommit1', {
            set: { ...succeeded(sector, 'add-piece'), worker: event.worker, comm_d: event.commD },
            start: [run('precommit1')],
          });
        },
      },
      'phase.failed': failed(['AddPiece'], ['add-piece']),
      'precommit-expired': PRECOMMIT_EXPIRED,
      redo: REDO_NOW,
      park: PARK,
      remove: REMOVE,
    },
  },
  PreCommit1: {
    meaning: 'takes a ticket and labels the sector’s layers',
    on: {
      'host-lost': ON_HOST_LOST,
      'ticket-drawn': {
        to: ['PreCommit1'],
        do: (sector, event) => {
          if (isBound(sector) && sector.ticket !== null) {
            return refuse('a pre-commit names the ticket that the sector has');
          }
          return step('PreCommit1', { set: { ticket: event.ticket, ticket_epoch: event.epoch } });
        },
      },
      'precommit1.done': {
        to: ['PreCommit1', 'PreCommit2', 'Parked'],
        do: (sector, _event, rules) =>
          sector.ticket === null
            ? recover(
                sector,
                'precommit1',
                'permanent',
                {
                  code: 'INTERNAL',
                  message: 'PreCommit1 ended without a ticket',
                },
                rules,
              )
            : step('PreCommit2', { set: succeeded(sector, 'precommit1'), start: [run('precommit2')] }),
      },
      'phase.failed': failed(REDO, ['precommit1']),
      'ticket-expired': NEW_TICKET,
      'ticket-reverted': TICKET_REVERTED,
      'precommit-expired': PRECOMMIT_EXPIRED,
      redo: REDO_NOW,
      park: PARK,
      remove: REMOVE,
    },
  },
  PreCommit2: {
    meaning: 'builds the trees, encodes the replica and checks it',
    on: {
      'host-lost': ON_HOST_LOST,
      'precommit2.done': {
        to: ['PreCommitBatching', 'PreCommitWait', 'WaitSeed', 'Parked'],
        do: (sector, event) => {
          if (isBound(sector) && sector.comm_r !== null && sector.comm_r !== event.commR) {
            return park(
              sector,
              'SECTOR_COMMR_DIFFERS',
              `sealed again, the replica has CommR ${event.commR}; the pre-commit names ${sector.comm_r}`,
            );
          }
          return step(afterSealed(sector), {
            set: { ...succeeded(sector, 'precommit2'), comm_r: event.commR, comm_d: event.commD },
          });
        },
      },
      'phase.failed': failed(['PreCommit2', ...REDO], ['precommit2']),
      'ticket-expired': NEW_TICKET,
      'ticket-reverted': TICKET_REVERTED,
      'precommit-expired': PRECOMMIT_EXPIRED,
      redo: REDO_NOW,
      park: PARK,
      remove: REMOVE,
    },
  },
  PreCommitBatching: {
    meaning: 'waits for a pre-commit batch to be full, due or urgent',
    on: {
      'host-lost': ON_HOST_LOST,
      'precommit-assigned': {
        to: ['PreCommitWait'],
        do: (_sector, event) => step('PreCommitWait', { set: { precommit_message: event.message } }),
      },
      // A batch with it would be refused because of it: found out before a message was made of it.
      'precommit-withheld': {
        to: ['PreCommitBatching', 'Parked'],
        do: (sector, event, rules) => ({
          ...recover(sector, 'precommit', 'precommit-refused', event, rules),
          waitsAnew: true,
        }),
      },
      // The chain already has it, as after a database was restored from an older copy.
      'precommit-landed': PRECOMMIT_LANDED,
      'ticket-expired': NEW_TICKET,
      'ticket-reverted': TICKET_REVERTED,
      redo: REDO_NOW,
      park: PARK,
      remove: REMOVE,
    },
  },
  PreCommitWait: {
    meaning: 'its pre-commit message is on the way to the chain',
    on: {
      'host-lost': ON_HOST_LOST,
      'precommit-bound': {
        to: ['PreCommitWait'],
        do: (_sector, _event, rules) => step('PreCommitWait', { set: { precommit_bound_at: rules.now } }),
      },
      'precommit-withheld': {
        to: ['PreCommitBatching', 'Parked'],
        do: (sector, event, rules) =>
          sector.precommit_bound_at !== null
            ? refuse('its pre-commit may be signed already')
            : unbound(recover(sector, 'precommit', 'precommit-refused', event, rules)),
      },
      'precommit-rejected': {
        to: ['PreCommitBatching', 'Parked'],
        do: (sector, event, rules) =>
          unbound(recover(sector, 'precommit', 'precommit-refused', event, rules)),
      },
      'precommit-landed': PRECOMMIT_LANDED,
      'precommit-expired': PRECOMMIT_EXPIRED,
      'landing.done': LANDING_DONE,
      'phase.failed': failed(['PreCommitWait'], ['landing']),
    },
  },
  WaitSeed: {
    meaning: 'waits until the chain has drawn the seed of its pre-commit',
    on: {
      'host-lost': ON_HOST_LOST,
      'seed-ready': {
        to: ['Commit1', ...REDO],
        do: (sector, event) => {
          if (event.precommitEpoch !== sector.precommit_epoch)
            return refuse('the seed is of another pre-commit epoch');
          const set = { seed: event.seed, seed_epoch: event.seedEpoch };
          // The layers are gone: Commit1 cannot be repeated without sealing again.
          if (sector.cleared_at !== null || sector.worker === null) return redo(sector, 0);
          return step('Commit1', { set, start: [run('commit1')] });
        },
      },
      ...ON_PRECOMMIT,
      'landing.done': LANDING_DONE,
      'phase.failed': failed(['WaitSeed'], ['landing']),
      redo: REDO_NOW,
      park: PARK,
    },
  },
  Commit1: {
    meaning: 'makes the vanilla proofs for the seed',
    on: {
      'host-lost': ON_HOST_LOST,
      'commit1.done': {
        to: ['Commit2', 'ClearCache'],
        do: (sector, event) =>
          enterCommit2(sector, {
            ...succeeded(sector, 'commit1'),
            commit1_output: event.output,
            proof: null,
            proof_at: null,
          }),
      },
      ...ON_PRECOMMIT,
      'seed-moved': SEED_MOVED,
      'landing.done': LANDING_DONE,
      'phase.failed': failed(['Commit1', 'WaitSeed', ...REDO], ['commit1', 'landing']),
      redo: REDO_NOW,
      park: PARK,
    },
  },
  Commit2: {
    meaning: 'computes the SNARK while the sealed files are copied to storage and verified',
    on: {
      'host-lost': { ...ON_HOST_LOST, to: ['Commit2', ...ON_HOST_LOST.to] },
      'commit2.done': {
        to: ['Commit2', 'ClearCache', 'CommitBatching'],
        do: (sector, event, rules) =>
          sector.proof !== null
            ? refuse('the sector has its proof already')
            : joinCommit2(sector, {
                ...succeeded(sector, 'commit2'),
                proof: event.proof,
                proof_at: rules.now,
              }),
      },
      ...ON_PRECOMMIT,
      'seed-moved': SEED_MOVED,
      'landing.done': LANDING_DONE,
      'phase.failed': failed(['Commit1', 'Commit2', 'WaitSeed', ...REDO], ['commit2', 'landing']),
      redo: REDO_NOW,
      park: PARK,
    },
  },
  ClearCache: {
    meaning: 'landed and proven: frees the workspace once the pre-commit is deep enough',
    on: {
      'host-lost': { ...ON_HOST_LOST, to: ['CommitBatching'] },
      'clear-cache.done': {
        to: ['CommitBatching'],
        do: (sector, _event, rules) =>
          sector.landed_at === null || sector.proof === null
            ? refuse('the sector is not landed and proven')
            : step('CommitBatching', {
                set: { ...succeeded(sector, 'clear-cache'), cleared_at: rules.now, worker: null },
              }),
      },
      ...ON_PRECOMMIT,
      'seed-moved': SEED_MOVED,
      'phase.failed': failed(['ClearCache', 'Commit2', 'WaitSeed'], ['clear-cache']),
      park: PARK,
    },
  },
  CommitBatching: {
    meaning: 'waits for a prove-commit batch to be full, due or urgent',
    on: {
      'commit-assigned': {
        to: ['CommitWait'],
        do: (sector, event) =>
          sector.landed_at === null || sector.proof === null
            ? refuse('the sector is not landed and proven')
            : step('CommitWait', { set: { commit_message: event.message } }),
      },
      'commit-withheld': {
        to: ['CommitBatching', 'Parked'],
        do: (sector, event, rules) => ({
          ...recover(sector, 'commit', 'commit-refused', event, rules),
          waitsAnew: true,
        }),
      },
      // The chain already has it, as after a database was restored from an older copy.
      'commit-landed': { to: ['Proving'], do: proving },
      ...ON_PRECOMMIT,
      'seed-moved': SEED_MOVED,
      'unseal.done': UNSEALED,
      park: PARK,
    },
  },
  CommitWait: {
    meaning: 'its prove-commit message is on the way to the chain',
    on: {
      'commit-withheld': {
        to: ['CommitBatching', 'Parked'],
        do: (sector, event, rules) => uncommitted(recover(sector, 'commit', 'commit-refused', event, rules)),
      },
      'commit-rejected': {
        to: ['CommitBatching', 'Parked'],
        do: (sector, event, rules) => uncommitted(recover(sector, 'commit', 'commit-refused', event, rules)),
      },
      'commit-landed': { to: ['Proving'], do: proving },
      'unseal.done': UNSEALED,
    },
  },
  Proving: {
    meaning: 'on chain; unproven until its first WindowPoSt',
    on: {
      // A reorg gave it another activation, deadline or partition.
      'commit-landed': { to: ['Proving'], do: proving },
      'commit-gone': { to: ['CommitWait'], do: reverted },
      'unseal.done': UNSEALED,
    },
  },
  Parked: {
    meaning: 'stands still, with its reason, until the operator resumes, redoes or removes it',
    on: {
      'host-lost': { ...ON_HOST_LOST, to: ['Parked'] },
      resume: {
        to: [
          'Packing',
          'AddPiece',
          'PreCommit1',
          'PreCommitBatching',
          'PreCommitWait',
          'WaitSeed',
          'Commit1',
          'Commit2',
          'ClearCache',
          'CommitBatching',
          'CommitWait',
          'Removing',
        ],
        do: (sector) =>
          isBurnt(sector)
            ? refuse('its number is lost on chain: remove it and pledge another')
            : resume(sector),
      },
      redo: {
        to: REDO,
        do: (sector) => {
          if (isBurnt(sector)) return refuse('its number is lost on chain: remove it and pledge another');
          if (sector.parked_from === 'Packing') return refuse('it has not been sealed: resume it');
          // The operator has it sealed elsewhere; resuming it waits for the return of its host.
          const hostLost = sector.parked_code === HOST_LOST;
          return redo(hostLost ? { ...sector, worker: null } : sector, 0, UNPARKED);
        },
      },
      remove: REMOVE,
      'unseal.done': UNSEALED,
    },
  },
  Removing: {
    meaning: 'its files are being deleted',
    on: {
      'host-lost': { ...ON_HOST_LOST, to: ['Removing', 'Removed'] },
      'remove-files.done': {
        to: ['Removed'],
        do: () => step('Removed', { set: { worker: null, landed_at: null } }),
      },
      'phase.failed': failed(['Removing'], ['remove-files']),
      remove: {
        to: ['Removed'],
        do: (_sector, event) =>
          event.force
            ? step('Removed', { set: { worker: null, landed_at: null }, cancel: SEALING_PHASES })
            : refuse('its files are being deleted (force it to forget them, as when their host is gone)'),
      },
    },
  },
  Removed: { meaning: 'gone; its number is never given out again', on: {} },
};

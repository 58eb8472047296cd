import type { SectorState } from '#core';
import type { EventOf, SectorEventType } from './events.ts';
import { isBound, type Rules, type SectorChange, type SectorFacts } from './facts.ts';
import { rehome } from './host-lost.ts';
import { recover, succeeded } from './recover.ts';
import { failureKind } from './recovery.ts';
import {
  BURNT,
  joinCommit2,
  park,
  type Refusal,
  redo,
  refuse,
  run,
  SEALING_PHASES,
  type Step,
  step,
} from './step.ts';

/*
 * Cells that several states share. The table itself is in `table.ts`.
 */

/** One cell: the states it may lead to, and the decision. A cell that is absent refuses with the event's reason. */
export interface Cell<T extends SectorEventType> {
  readonly to: readonly SectorState[];
  readonly do: (sector: SectorFacts, event: EventOf<T>, rules: Rules) => Step | Refusal;
}

export interface StateEntry {
  /** What the sector does or waits for here. */
  readonly meaning: string;
  readonly on: { readonly [T in SectorEventType]?: Cell<T> };
}

export const REDO: readonly SectorState[] = ['AddPiece', 'PreCommit1'];
export const UNPARKED: SectorChange = {
  parked_from: null,
  parked_code: null,
  parked_reason: null,
  recoveries: {},
};
/** The number can be sealed no more; only removal is left. */
export function isBurnt(sector: SectorFacts): boolean {
  return sector.parked_code === BURNT;
}

export function failed(to: readonly SectorState[], phases: readonly string[]): Cell<'phase.failed'> {
  return {
    to: [...to, 'Parked'],
    do: (sector, event, rules) => {
      if (!phases.includes(event.phase)) return refuse(`the sector is not in phase ${event.phase}`);
      const kind = failureKind(event.phase, event.code);
      return recover(sector, event.phase, kind, event, rules, event.input);
    },
  };
}

export const PARK: Cell<'park'> = {
  to: ['Parked'],
  do: (sector, event) => park(sector, event.code, event.reason),
};

export const ON_HOST_LOST: Cell<'host-lost'> = {
  to: ['AddPiece', 'Parked'],
  do: (sector, event, rules) => {
    const rehomed = rehome(sector, event, rules);
    return 'refused' in rehomed ? rehomed : rehomed.step;
  },
};

export const REDO_NOW: Cell<'redo'> = { to: REDO, do: (sector) => redo(sector, 0, UNPARKED) };

export const REMOVE: Cell<'remove'> = {
  to: ['Removing', 'Removed'],
  do: (sector, event) => {
    if (isBound(sector) && !isBurnt(sector) && !event.force) {
      return refuse(
        'its pre-commit is signed or on chain: removing it now loses the deposit (force it to agree)',
      );
    }
    if (sector.parked_code === 'SECTOR_ALREADY_PROVEN' && !event.force) {
      return refuse(
        'the chain has it proven: removing it deletes files that it is proven from (force it to agree)',
      );
    }
    const files = sector.worker !== null || sector.landed_at !== null;
    return step(files ? 'Removing' : 'Removed', {
      set: UNPARKED,
      start: files ? [run('remove-files')] : [],
      cancel: SEALING_PHASES,
      releasePieces: true,
    });
  },
};

export const NEW_TICKET: Cell<'ticket-expired'> = {
  to: [...REDO, 'Parked'],
  do: (sector, _event, rules) =>
    isBound(sector)
      ? refuse('a pre-commit names this ticket')
      : recover(
          sector,
          'precommit',
          'ticket',
          {
            code: 'SECTOR_TICKET_EXPIRED',
            message: 'tickets expire again and again before the sector is sealed: it is sealed too slowly',
          },
          rules,
        ),
};

const TICKET_GONE = 'a reorg replaced the tipset that its ticket was drawn from';

/** Nothing can be proven with it any more. One that a pre-commit names cannot be changed either. */
export const TICKET_REVERTED: Cell<'ticket-reverted'> = {
  to: [...REDO, 'Parked'],
  do: (sector, event, rules) => {
    if (event.epoch !== sector.ticket_epoch) return refuse('the sector has another ticket now');
    const failure = { code: 'SECTOR_TICKET_REVERTED', message: TICKET_GONE } as const;
    return isBound(sector)
      ? park(sector, failure.code, `${TICKET_GONE}, and its pre-commit names it`)
      : recover(sector, 'precommit', 'ticket', failure, rules);
  },
};

export const PRECOMMIT_EXPIRED: Cell<'precommit-expired'> = {
  to: ['Parked'],
  do: (sector) =>
    isBound(sector)
      ? park(sector, BURNT, 'its pre-commit expired on chain: the number and its deposit are lost')
      : refuse('the sector has no pre-commit'),
};

const UNSTEADY = {
  code: 'SECTOR_PRECOMMIT_UNSTEADY',
  message: 'the chain reverts the pre-commit again and again',
} as const;

export const PRECOMMIT_MOVED: Cell<'precommit-moved'> = {
  to: ['WaitSeed', 'Parked'],
  do: (sector, event, rules) => {
    if (event.precommitEpoch === sector.precommit_epoch) return refuse('the pre-commit is where it was');
    const next = recover(sector, 'reorg', 'reorg', UNSTEADY, rules);
    return next.to === 'Parked' ? next : withSet(next, { precommit_epoch: event.precommitEpoch });
  },
};

/** The same signed message is pushed again; its ticket and CommR stay bound, its epoch and seed will differ. */
export const PRECOMMIT_GONE: Cell<'precommit-gone'> = {
  to: ['PreCommitWait', 'Parked'],
  do: (sector, _event, rules) => {
    const next = recover(sector, 'reorg', 'reorg', UNSTEADY, rules);
    return next.to === 'Parked' ? next : { ...withSet(next, { precommit_epoch: null }), to: 'PreCommitWait' };
  },
};

/** The pre-commit is on chain; what it says must be what was sealed. */
export const PRECOMMIT_LANDED: Cell<'precommit-landed'> = {
  to: ['WaitSeed', 'Parked'],
  do: (sector, event, rules) => {
    if (sector.comm_r !== event.commR) {
      return park(
        sector,
        'SECTOR_COMMR_DIFFERS',
        `the chain has CommR ${event.commR} for this number, the replica has ${sector.comm_r}`,
      );
    }
    return step('WaitSeed', {
      set: {
        ...succeeded(sector, 'precommit'),
        precommit_epoch: event.precommitEpoch,
        precommit_bound_at: sector.precommit_bound_at ?? rules.now,
      },
    });
  },
};

export const LANDING_DONE: Cell<'landing.done'> = {
  to: ['PreCommitWait', 'WaitSeed', 'Commit1', 'Commit2', 'ClearCache'],
  do: (sector, _event, rules) => {
    if (sector.landed_at !== null) return refuse('the sector has landed already');
    const set = { ...succeeded(sector, 'landing'), landed_at: rules.now };
    return sector.state === 'Commit2' ? joinCommit2(sector, set) : step(sector.state, { set });
  },
};

export const UNSEALED: Cell<'unseal.done'> = { to: [], do: (sector) => step(sector.state) };

/** What was computed for the old seed is thrown away; the new one is read like the first. */
export const SEED_MOVED: Cell<'seed-moved'> = {
  to: ['WaitSeed', 'Parked'],
  do: (sector, event, rules) =>
    event.seedEpoch === sector.seed_epoch
      ? recover(sector, 'reorg', 'reorg', UNSTEADY, rules)
      : refuse('the sector has another seed now'),
};

/** The reorg events, for every state whose work rests on the pre-commit's epoch. */
export const ON_PRECOMMIT = {
  'precommit-moved': PRECOMMIT_MOVED,
  'precommit-gone': PRECOMMIT_GONE,
  'precommit-expired': PRECOMMIT_EXPIRED,
  'ticket-reverted': TICKET_REVERTED,
} as const;

export function proving(sector: SectorFacts, event: EventOf<'commit-landed'>): Step {
  return step('Proving', {
    set: {
      ...succeeded(sector, 'commit'),
      activation_epoch: event.activationEpoch,
      expiration: event.expiration,
      deadline: event.deadline,
      partition_number: event.partition,
      unproven: true,
    },
  });
}

/** Not on chain any more: its message is on the way once more. */
export function reverted(): Step {
  return step('CommitWait', {
    set: {
      activation_epoch: null,
      expiration: null,
      deadline: null,
      partition_number: null,
      unproven: false,
    },
  });
}

/** No pre-commit names the sector any more, wherever it goes from here. */
export function unbound(next: Step): Step {
  return withSet(next, { precommit_message: null, precommit_bound_at: null });
}

export function uncommitted(next: Step): Step {
  return withSet(next, { commit_message: null });
}

export function withSet(next: Step, set: SectorChange): Step {
  return { ...next, set: { ...next.set, ...set } };
}

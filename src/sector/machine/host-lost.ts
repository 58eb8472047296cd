import { BeeproError, type SectorState } from '#core';
import type { EventOf } from './events.ts';
import { isBound, type Rules, type SectorFacts } from './facts.ts';
import { BURNT, park, type Refusal, redo, refuse, run, SEALING_PHASES, type Step, step } from './step.ts';

/** What becomes of a sector whose host is lost, for people. */
export const REHOMINGS = {
  'goes-on': 'proven and landed: its prove-commit is sent',
  'commit2-elsewhere': 'landed, and Commit1’s output survives: Commit2 is computed elsewhere',
  'sealed-again':
    'its pre-commit is signed or on chain: it is sealed again elsewhere, with the same ticket and data',
  'begun-anew': 'nothing was signed for it: it begins anew under its number',
  parked: 'too late to be sealed again in time: it is parked, with what is at stake',
  'stays-parked': 'it stays parked, and goes on elsewhere when it is resumed',
  'removed-elsewhere': 'it is being removed: what is left of it on storage is deleted by another worker',
} as const;

export type Rehoming = keyof typeof REHOMINGS;

/** The code of a sector that only the return of its host, or a late sealing, can save. */
export const HOST_LOST = 'SECTOR_HOST_LOST';
const MAX_REASON = 2_000;

type HostLost = EventOf<'host-lost'>;
interface Rehomed {
  readonly rehoming: Rehoming;
  readonly step: Step;
}

/** Where a sector goes on when the files on its host are gone: from the last step whose data survives. */
export function rehome(sector: SectorFacts, event: HostLost, rules: Rules): Rehomed | Refusal {
  if (sector.worker === null || sector.worker !== event.worker) {
    return refuse(`its files are not on ${event.worker}`);
  }
  if (sector.state !== 'Parked') return fromState(sector, sector.state, event, rules);
  return staysParked(sector, event, rules);
}

function fromState(
  sector: SectorFacts,
  state: SectorState,
  event: HostLost,
  rules: Rules,
): Rehomed | Refusal {
  // What was on the workspace is gone, and only that: the sector is cleared, with no host.
  const gone = { worker: null, cleared_at: rules.now };
  const landed = sector.landed_at !== null;
  switch (state) {
    case 'ClearCache':
      return {
        rehoming: 'goes-on',
        step: step('CommitBatching', { set: gone, cancel: ['clear-cache'] }),
      };
    case 'Commit2':
      if (!landed || sector.proof !== null) return again(sector, event);
      if (event.commit2Elsewhere) {
        return { rehoming: 'commit2-elsewhere', step: step('Commit2', { set: gone }) };
      }
      if (sector.commit1_output?.shared === undefined) return again(sector, event);
      return {
        rehoming: 'commit2-elsewhere',
        step: step('Commit2', { set: gone, start: [run('commit2')], cancel: ['commit2'] }),
      };
    case 'Removing':
      return {
        rehoming: 'removed-elsewhere',
        step: landed
          ? step('Removing', {
              set: { worker: null },
              start: [run('remove-files')],
              cancel: ['remove-files'],
            })
          : step('Removed', { set: { worker: null }, cancel: SEALING_PHASES }),
      };
    default:
      return again(sector, event);
  }
}

/** From AddPiece: the replica is lost. A bound sector keeps ticket and data, so that its CommR comes out the same. */
function again(sector: SectorFacts, event: HostLost): Rehomed {
  const homeless = { ...sector, worker: null };
  if (!isBound(sector)) return { rehoming: 'begun-anew', step: redo(homeless, 0, { comm_r: null }) };
  const { stake } = event;
  if (!stake || stake.head + stake.needed <= stake.due) {
    return { rehoming: 'sealed-again', step: redo(homeless, 0) };
  }
  const detail = `the deposit of ${stake.deposit} burns unless it is proven by epoch ${stake.due}; now is ${stake.head}, and sealing it again takes about ${stake.needed} epochs`;
  // Its files stay on record: only the return of the host itself could still save the deposit.
  const { code, message } = new BeeproError(HOST_LOST, { worker: event.worker, detail });
  return { rehoming: 'parked', step: park(sector, code, message) };
}

/** Its reason stays; what it is resumed to is what survives. */
function staysParked(sector: SectorFacts, event: HostLost, rules: Rules): Rehomed | Refusal {
  if (sector.parked_code === HOST_LOST) return refuse('it is parked for that already');
  const resumed = fromState(sector, sector.parked_from ?? 'PreCommit1', event, rules);
  if ('refused' in resumed) return resumed;
  const { set, to } = resumed.step;
  if (to === 'Parked') {
    const reason = `${set.parked_reason}; before that: ${sector.parked_reason}`;
    // A number that is lost on chain stays so.
    const code = sector.parked_code === BURNT ? BURNT : HOST_LOST;
    return { rehoming: 'parked', step: park(sector, code, reason.slice(0, MAX_REASON)) };
  }
  const reason = `${sector.parked_reason}; its files were on ${event.worker}, which is lost`;
  return {
    rehoming: 'stays-parked',
    step: step('Parked', {
      set: {
        ...set,
        parked_from: to === 'Removed' ? 'Removing' : to,
        parked_code: sector.parked_code,
        parked_reason: reason.slice(0, MAX_REASON),
      },
      cancel: SEALING_PHASES,
    }),
  };
}

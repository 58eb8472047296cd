import { type ActorId, BeeproError, killPoint, type SectorNumber, sectorName } from '#core';
import { insertSectorEvents, lockSectorsWithRuns, patchSectors, type SectorRow, type Trx } from '#db';
import { logData, patchOf } from './apply.ts';
import { FULL_RETRY, type SectorEvent, type Transition, transition } from './machine/index.ts';

/**
 * Applies one event to many sectors of a miner in the caller's transaction, to all of them or to none: a handful of
 * statements for hundreds of sectors. For events that start and cancel no runs.
 *
 * @param accepts asked of each row under its lock; false leaves all as they are
 * @param makeEvent called when all are locked and accepted, for what must be written before there is an event
 * @returns false when one of them is gone or not accepted
 * @throws BeeproError `SECTOR_EVENT_REFUSED`, and nothing of the transaction may be committed then
 */
export async function applyToAll(
  trx: Trx,
  miner: ActorId,
  numbers: readonly SectorNumber[],
  accepts: (row: SectorRow) => boolean,
  makeEvent: () => Promise<SectorEvent>,
): Promise<boolean> {
  const locked = await lockSectorsWithRuns(trx, miner, numbers);
  if (locked.length !== numbers.length || !locked.every(({ row }) => accepts(row))) return false;
  const event = await makeEvent();
  const moves: { readonly number: SectorNumber; readonly next: Transition }[] = [];
  for (const { row, active, now } of locked) {
    const outcome = transition({ ...row, active }, event, { now, retry: FULL_RETRY });
    if ('refused' in outcome) {
      throw new BeeproError('SECTOR_EVENT_REFUSED', {
        ...{ sector: sectorName(row), state: row.state, event: event.type, reason: outcome.refused },
      });
    }
    const next = outcome.ok;
    if (next.start.length + next.cancel.length > 0 || next.releasePieces) {
      throw new BeeproError('INTERNAL', { detail: `${event.type} is not for many sectors at once` });
    }
    moves.push({ number: row.number, next });
  }
  const alike = Map.groupBy(moves, ({ next }) => JSON.stringify(patchOf(next)));
  for (const group of alike.values()) {
    const [first] = group;
    const same = group.map(({ number }) => number);
    if (first) await patchSectors(trx, miner, same, patchOf(first.next));
  }
  await insertSectorEvents(
    trx,
    moves.map(({ number, next }) => ({
      ...{ miner, number, event: event.type },
      ...{ from_state: next.from, to_state: next.to, data: logData(event, next) },
    })),
  );
  killPoint('transition.before-commit');
  return true;
}

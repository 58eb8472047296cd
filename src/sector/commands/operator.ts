import type { SectorId, SectorState } from '#core';
import { requireEvent } from '../apply.ts';
import { commitAndPublish, type SectorModules } from '../change.ts';
import type { SectorEvent } from '../machine/index.ts';

/** Lets a parked sector go on where it stood, with all its tries given back; returns its state. @throws BeeproError `SECTOR_EVENT_REFUSED` */
export function resumeSector(modules: SectorModules, id: SectorId): Promise<SectorState> {
  return command(modules, id, { type: 'resume' });
}

/** Seals a sector again, with its own ticket where a pre-commit names it. @throws BeeproError `SECTOR_EVENT_REFUSED` */
export function redoSector(modules: SectorModules, id: SectorId): Promise<SectorState> {
  return command(modules, id, { type: 'redo' });
}

/**
 * Gives a sector up: its runs end, its files go, its pieces can be packed again.
 * @param options.force also where a deposit is lost with it, or its files' host is gone
 * @throws BeeproError `SECTOR_EVENT_REFUSED`
 */
export function removeSector(
  modules: SectorModules,
  id: SectorId,
  options: { readonly force?: boolean } = {},
): Promise<SectorState> {
  return command(modules, id, { type: 'remove', force: options.force ?? false });
}

async function command(modules: SectorModules, id: SectorId, event: SectorEvent): Promise<SectorState> {
  const { transition } = await commitAndPublish(modules, (trx) => requireEvent(trx, id, event));
  return transition.to;
}

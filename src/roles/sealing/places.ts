import type { SectorLocation } from '#chain';
import { idAddress } from '#codec';
import { isBeeproError, type SectorId, type SectorNumber } from '#core';
import type { ChainView } from './chain-view.ts';
import type { SealingModules } from './modules.ts';

/**
 * Deadline and partition of a miner's sectors. Sectors that were proven together lie together: where the first lies,
 * the deadline's partitions tell of the others. Two calls a deadline, one for a single sector. What is in no deadline
 * yet (it is assigned with its activation) is left out.
 */
export async function readPlaces(
  modules: SealingModules,
  view: ChainView,
  sectors: readonly SectorId[],
): Promise<ReadonlyMap<SectorNumber, SectorLocation>> {
  const places = new Map<SectorNumber, SectorLocation>();
  const [any] = sectors;
  if (!any) return places;
  const miner = idAddress(any.miner, 't');
  const key = [...view.key];
  const open = new Set(sectors.map(({ number }) => number));
  for (const number of open) {
    const place = await placeOf(modules, miner, number, key);
    open.delete(number);
    if (!place) continue;
    places.set(number, place);
    if (open.size === 0) break;
    const partitions = await modules.chain.stateMinerPartitions(miner, place.deadline, key);
    for (const [partition, { allSectors }] of partitions.entries()) {
      for (const other of open) {
        if (!allSectors.has(other)) continue;
        places.set(other, { deadline: place.deadline, partition });
        open.delete(other);
      }
    }
  }
  return places;
}

async function placeOf(
  modules: SealingModules,
  miner: string,
  number: SectorNumber,
  key: readonly string[],
): Promise<SectorLocation | undefined> {
  try {
    return await modules.chain.stateSectorPartition(miner, number, [...key]);
  } catch (error) {
    // Assigned to its deadline in the tipset after its activation.
    if (isBeeproError(error, 'CHAIN_SECTOR_NOT_DUE') || isBeeproError(error, 'CHAIN_RPC_FAILED'))
      return undefined;
    throw error;
  }
}

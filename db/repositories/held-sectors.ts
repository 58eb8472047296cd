import { sql } from 'kysely';
import type { SectorId, SectorState } from '#core';
import type { Executor } from '../database.ts';

/** A sector whose files a worker holds, as far as its room there is concerned. */
export interface HeldSectorRow extends SectorId {
  /** Where it stands; of a parked one where it stood. */
  readonly state: SectorState;
  readonly kind: 'cc' | 'data';
  readonly seal_proof: number;
}

/** The sectors that take room on a worker's workspace. */
export async function listHeldSectors(executor: Executor, worker: string): Promise<HeldSectorRow[]> {
  return executor
    .selectFrom('sector')
    .select(['miner', 'number', 'kind', 'seal_proof'])
    .select(sql<SectorState>`IF(state = 'Parked', COALESCE(parked_from, state), state)`.as('state'))
    .where('worker', '=', worker)
    .execute();
}

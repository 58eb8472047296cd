import type { SectorId } from '#core';
import { type Database, insertRun, insertSector, saveMiner, transaction } from '#db';

export const MINER = 1000;

export async function addMiner(database: Database, id: number = MINER): Promise<void> {
  await saveMiner(database.kysely, {
    id,
    network: 'devnet',
    sector_size: '2KiB',
    owner: 't0100',
    worker: 't0101',
  });
}

export async function addSector(
  database: Database,
  number: number,
  miner: number = MINER,
): Promise<SectorId> {
  await insertSector(database.kysely, { miner, number, state: 'PreCommit1', kind: 'cc', seal_proof: 5 });
  return { miner, number };
}

export async function addRun(database: Database, id: SectorId, attempt = 1, delayMs = 0): Promise<number> {
  return transaction(database, (trx) =>
    insertRun(trx, { ...id, phase: 'precommit1', attempt, queueWorker: null, delayMs }),
  );
}

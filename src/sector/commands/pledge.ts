import type { ChainApi } from '#chain';
import { type BitField, idAddress } from '#codec';
import { type ActorId, BeeproError, isSectorSize, type SectorId, type SectorNumber, sealProof } from '#core';
import {
  allocateSectorNumber,
  findMiner,
  insertSector,
  insertSectorEvent,
  type MinerRow,
  readServerTime,
  type Trx,
} from '#db';
import { type OutboxJob, startRun } from '../apply.ts';
import { commitAndPublish, type SectorModules } from '../change.ts';

export interface PledgeModules extends SectorModules {
  readonly chain: ChainApi;
}

export interface PledgeRequest {
  readonly miner: ActorId;
  readonly count: number;
}

/** Sectors a transaction: the miner's row is locked meanwhile. */
const CHUNK = 50;

/**
 * Starts committed-capacity sectors and returns their numbers: the next ones that are free both in the database and
 * on chain. They are in AddPiece, with their jobs published.
 * @throws BeeproError `MINER_UNKNOWN`, `CHAIN_…`
 */
export async function pledgeSectors(modules: PledgeModules, request: PledgeRequest): Promise<SectorNumber[]> {
  const miner = await findMiner(modules.db.kysely, request.miner);
  if (!miner) throw new BeeproError('MINER_UNKNOWN', { miner: idAddress(request.miner, 't') });
  const proof = sealProofOf(modules, miner);
  const allocated = await modules.chain.stateMinerAllocated(idAddress(request.miner, 't'), []);
  const numbers: SectorNumber[] = [];
  while (numbers.length < request.count) {
    const count = Math.min(CHUNK, request.count - numbers.length);
    const pledged = await commitAndPublish(modules, (trx) =>
      pledgeChunk(trx, miner.id, proof, allocated, count),
    );
    numbers.push(...pledged.numbers);
  }
  return numbers;
}

async function pledgeChunk(
  trx: Trx,
  miner: ActorId,
  proof: number,
  allocated: BitField,
  count: number,
): Promise<{ readonly numbers: readonly SectorNumber[]; readonly jobs: readonly OutboxJob[] }> {
  const numbers: SectorNumber[] = [];
  const jobs: OutboxJob[] = [];
  const now = await readServerTime(trx);
  for (let i = 0; i < count; i++) {
    const number = await allocateSectorNumber(trx, miner, (from) => allocated.firstUnset(from));
    const id: SectorId = { miner, number };
    await insertSector(trx, {
      ...id,
      state: 'AddPiece',
      state_at: now,
      kind: 'cc',
      seal_proof: proof,
    });
    await insertSectorEvent(trx, { ...id, event: 'pledged', to_state: 'AddPiece' });
    const job = await startRun(trx, id, null, { phase: 'add-piece', delayMs: 0 });
    numbers.push(number);
    if (job) jobs.push(job);
  }
  return { numbers, jobs };
}

/** The registered seal proof of a miner's new sectors (`seal.proof`). @throws BeeproError `MINER_SECTOR_SIZE_UNKNOWN` */
export function sealProofOf(modules: Pick<SectorModules, 'settings'>, miner: MinerRow): number {
  if (!isSectorSize(miner.sector_size)) {
    throw new BeeproError('MINER_SECTOR_SIZE_UNKNOWN', { miner: miner.id, bytes: miner.sector_size });
  }
  return sealProof(miner.sector_size, modules.settings.get('seal.proof', { miner: miner.id })).id;
}

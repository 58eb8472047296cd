import type { ChainApi } from '#chain';
import { type BitField, idAddress } from '#codec';
import { type ActorId, BeeproError, isSectorSize, type SectorId, type SectorNumber, sealProof } from '#core';
import {
  allocateSectorNumber,
  findMiner,
  insertSector,
  insertSectorEvent,
  lockMinerActivity,
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

/** Held, as by `lockMinerActivity`, while it is decided how many sectors to pledge, and while they are. */
export const PLEDGE_ACTIVITY = 'pledge';

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
    const pledged = await commitAndPublish(modules, async (trx) => {
      // Automatic pledging counts under the same lock.
      await lockMinerActivity(trx, miner.id, PLEDGE_ACTIVITY);
      return insertPledged(trx, { miner: miner.id, proof, allocated, count });
    });
    numbers.push(...pledged.numbers);
  }
  return numbers;
}

export interface PledgedSectors {
  readonly numbers: readonly SectorNumber[];
  readonly jobs: readonly OutboxJob[];
}

export interface PledgeOrder extends PledgeRequest {
  /** The registered seal proof. */
  readonly proof: number;
  /** The numbers that the chain knows, fetched before the transaction. */
  readonly allocated: BitField;
  /** Who wanted it, for the sectors' log; absent: the operator. */
  readonly by?: string;
}

/** The writing of a pledge alone: in the transaction of a caller who holds the miner's `PLEDGE_ACTIVITY`. */
export async function insertPledged(trx: Trx, order: PledgeOrder): Promise<PledgedSectors> {
  const { miner, proof, allocated, count, by } = order;
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
    await insertSectorEvent(trx, {
      ...id,
      event: 'pledged',
      to_state: 'AddPiece',
      ...(by === undefined ? {} : { data: { by } }),
    });
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

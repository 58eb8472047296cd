import type { Insertable, Selectable } from 'kysely';
import type { ActorId, SectorNumber } from '#core';
import { BeeproError } from '#core';
import type { Executor, Trx } from '../database.ts';
import type { MinerTable } from '../schema/index.ts';

export type MinerRow = Selectable<MinerTable>;
export type NewMiner = Insertable<MinerTable>;

/** Adds a miner, or brings what is known of it up to date; the numbers already given out stay. */
export async function saveMiner(executor: Executor, miner: NewMiner): Promise<void> {
  const { network, sector_size, owner, worker, sender } = miner;
  await executor
    .insertInto('miner')
    .values(miner)
    .onDuplicateKeyUpdate({
      network,
      sector_size,
      owner,
      worker,
      ...(sender === undefined ? {} : { sender }),
    })
    .execute();
}

export async function listMiners(executor: Executor): Promise<MinerRow[]> {
  return executor.selectFrom('miner').selectAll().orderBy('id').execute();
}

export async function findMiner(executor: Executor, id: ActorId): Promise<MinerRow | undefined> {
  return executor.selectFrom('miner').selectAll().where('id', '=', id).executeTakeFirst();
}

/** @throws BeeproError `NOT_FOUND` */
export async function lockMiner(trx: Trx, id: ActorId): Promise<MinerRow> {
  const miner = await trx.selectFrom('miner').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (!miner) throw new BeeproError('NOT_FOUND', { what: 'miner', name: `t0${id}` });
  return miner;
}

/**
 * Takes the lowest number at or above the miner's counter that neither this database nor the chain knows, and moves
 * the counter past it. The miner's row is locked until the transaction ends, so no number is given out twice.
 *
 * @param nextFreeOnChain the lowest number ≥ its argument that `StateMinerAllocated` does not hold: a pure look-up in
 * a bitfield fetched before, since nothing may wait for a node under this lock
 * @throws BeeproError `NOT_FOUND`
 */
export async function allocateSectorNumber(
  trx: Trx,
  id: ActorId,
  nextFreeOnChain: (from: SectorNumber) => SectorNumber = (from) => from,
): Promise<SectorNumber> {
  const miner = await lockMiner(trx, id);
  let number = nextFreeOnChain(miner.next_sector_number);
  while (await isNumberKnown(trx, id, number)) number = nextFreeOnChain(number + 1);
  await trx
    .updateTable('miner')
    .set({ next_sector_number: number + 1 })
    .where('id', '=', id)
    .execute();
  return number;
}

async function isNumberKnown(trx: Trx, miner: ActorId, number: SectorNumber): Promise<boolean> {
  const row = await trx
    .selectFrom('sector')
    .select('number')
    .where('miner', '=', miner)
    .where('number', '=', number)
    .executeTakeFirst();
  return row !== undefined;
}

/**
 * Holds, until the transaction ends, the right to form batches of `activity` for this miner: members are read and
 * assigned under it, so that no sector gets into two messages.
 */
export async function lockMinerActivity(trx: Trx, miner: ActorId, activity: string): Promise<void> {
  const locked = () =>
    trx
      .selectFrom('miner_activity')
      .select('miner')
      .where('miner', '=', miner)
      .where('activity', '=', activity)
      .forUpdate()
      .executeTakeFirst();
  if (await locked()) return;
  await trx
    .insertInto('miner_activity')
    .values({ miner, activity })
    .onDuplicateKeyUpdate({ activity })
    .execute();
  await locked();
}

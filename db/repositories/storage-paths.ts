import type { Insertable, Selectable } from 'kysely';
import type { ActorId } from '#core';
import type { Executor } from '../database.ts';
import type { StoragePathTable } from '../schema/index.ts';
import { insertedId, updatedRows } from './affected.ts';

export type StoragePathRow = Selectable<StoragePathTable>;
export type NewStoragePath = Omit<Insertable<StoragePathTable>, 'id' | 'created_at' | 'state'>;

/** The driver's error 1062 (`isDuplicateKey`) when the name is taken. */
export async function insertStoragePath(executor: Executor, path: NewStoragePath): Promise<number> {
  return insertedId(await executor.insertInto('storage_path').values(path).executeTakeFirstOrThrow());
}

export async function listStoragePaths(executor: Executor): Promise<StoragePathRow[]> {
  return executor.selectFrom('storage_path').selectAll().orderBy('name').execute();
}

/** Paths that take new files of this miner, heaviest first. */
export async function listStoresForMiner(executor: Executor, miner: ActorId): Promise<StoragePathRow[]> {
  return executor
    .selectFrom('storage_path')
    .selectAll()
    .where('can_store', '=', true)
    .where('state', '=', 'active')
    .where((eb) => eb.or([eb('miner', 'is', null), eb('miner', '=', miner)]))
    .orderBy('weight', 'desc')
    .orderBy('name')
    .execute();
}

export async function findStoragePath(executor: Executor, id: number): Promise<StoragePathRow | undefined> {
  return executor.selectFrom('storage_path').selectAll().where('id', '=', id).executeTakeFirst();
}

export async function setStoragePathState(
  executor: Executor,
  name: string,
  state: StoragePathRow['state'],
): Promise<boolean> {
  const result = await executor
    .updateTable('storage_path')
    .set({ state })
    .where('name', '=', name)
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

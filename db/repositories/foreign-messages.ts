import type { Insertable, Selectable } from 'kysely';
import type { AddressString } from '#core';
import type { Executor } from '../database.ts';
import type { ForeignMessageTable } from '../schema/index.ts';
import { serverNow } from './server-time.ts';

export type ForeignMessageRow = Selectable<ForeignMessageTable>;
export type NewForeignMessage = Omit<
  Insertable<ForeignMessageTable>,
  'adopted_by' | 'seen_at' | 'settled_at'
>;

/** Keeps the first time that it was seen; what was unknown may become known. */
export async function recordForeign(executor: Executor, message: NewForeignMessage): Promise<void> {
  const { from_address: _from, nonce: _nonce, ...facts } = message;
  await executor.insertInto('foreign_message').values(message).onDuplicateKeyUpdate(facts).execute();
}

/**
 * What an intent of this sender may be the double of: those whose nonce is not final, those of which nobody knows
 * what they did, and those first seen when the intent was there already.
 */
export async function listOpenForeign(
  executor: Executor,
  from: AddressString,
  oldestIntent: Date,
): Promise<ForeignMessageRow[]> {
  return executor
    .selectFrom('foreign_message')
    .selectAll()
    .where('from_address', '=', from)
    .where('adopted_by', 'is', null)
    .where((eb) =>
      eb.or([eb('settled_at', 'is', null), eb('content', 'is', null), eb('seen_at', '>=', oldestIntent)]),
    )
    .orderBy('nonce')
    .execute();
}

export interface ForeignPage {
  readonly from?: AddressString;
  readonly limit: number;
}

/** The newest first, without their bytes. */
export async function listForeign(
  executor: Executor,
  page: ForeignPage,
): Promise<Omit<ForeignMessageRow, 'content' | 'signed'>[]> {
  let query = executor
    .selectFrom('foreign_message')
    .select(['from_address', 'nonce', 'cid', 'to_address', 'method', 'value'])
    .select(['adopted_by', 'seen_at', 'settled_at'])
    .orderBy('seen_at', 'desc')
    .orderBy('nonce', 'desc')
    .limit(page.limit);
  if (page.from !== undefined) query = query.where('from_address', '=', page.from);
  return query.execute();
}

export async function listForeignNonces(
  executor: Executor,
  from: AddressString,
  atLeast: number,
): Promise<number[]> {
  const rows = await executor
    .selectFrom('foreign_message')
    .select('nonce')
    .where('from_address', '=', from)
    .where('nonce', '>=', atLeast)
    .execute();
  return rows.map(({ nonce }) => nonce);
}

/** Every nonce below `nonce` is final on chain. */
export async function settleForeign(executor: Executor, from: AddressString, nonce: number): Promise<void> {
  await executor
    .updateTable('foreign_message')
    .set({ settled_at: serverNow })
    .where('from_address', '=', from)
    .where('nonce', '<', nonce)
    .where('settled_at', 'is', null)
    .execute();
}

export async function adoptForeign(
  executor: Executor,
  from: AddressString,
  nonce: number,
  messageId: number,
): Promise<void> {
  await executor
    .updateTable('foreign_message')
    .set({ adopted_by: messageId })
    .where('from_address', '=', from)
    .where('nonce', '=', nonce)
    .execute();
}

/** How many messages of others each of our senders was seen to have. */
export async function countForeign(
  executor: Executor,
): Promise<{ from_address: AddressString; messages: number }[]> {
  return executor
    .selectFrom('foreign_message')
    .select(({ fn }) => ['from_address', fn.countAll<number>().as('messages')])
    .where('adopted_by', 'is', null)
    .groupBy('from_address')
    .orderBy('from_address')
    .execute();
}

import type { Insertable, Selectable, UpdateObject } from 'kysely';
import type { ActorId, AddressString, SectorId } from '#core';
import { BeeproError } from '#core';
import type { Executor, Trx } from '../database.ts';
import type { MessageState, MessageTable, Tables } from '../schema/index.ts';
import { insertedId, updatedRows } from './affected.ts';
import { serverNow } from './server-time.ts';

export type MessageRow = Selectable<MessageTable>;
export type NewMessage = Pick<
  Insertable<MessageTable>,
  'miner' | 'purpose' | 'from_address' | 'to_address' | 'method' | 'value' | 'params' | 'max_fee'
> &
  Partial<Pick<Insertable<MessageTable>, 'deadline_epoch' | 'gas_limit' | 'estimated_epoch'>>;
/** Values, or expressions such as `serverNow`. */
export type MessagePatch = Omit<
  UpdateObject<Tables, 'message', 'message'>,
  'id' | 'miner' | 'created_at' | 'state'
>;

/** Records what is to be sent, and for which sectors, in the order of the parameters. No nonce is taken yet. */
export async function insertMessage(
  trx: Executor,
  message: NewMessage,
  members: readonly SectorId[] = [],
): Promise<number> {
  const result = await trx
    .insertInto('message')
    .values({ ...message, state: 'intent' })
    .executeTakeFirstOrThrow();
  const id = insertedId(result);
  if (members.length > 0) {
    const rows = members.map(({ miner, number }, position) => ({ message_id: id, miner, number, position }));
    await trx.insertInto('message_sector').values(rows).execute();
  }
  return id;
}

/** A message that takes a given nonce: what fills a gap that nothing else will. Its gas is decided already. */
export async function insertWithNonce(
  trx: Trx,
  message: NewMessage &
    Required<Pick<Insertable<MessageTable>, 'nonce' | 'gas_limit' | 'gas_fee_cap' | 'gas_premium'>>,
): Promise<number> {
  const result = await trx
    .insertInto('message')
    .values({ ...message, state: 'nonce' })
    .executeTakeFirstOrThrow();
  return insertedId(result);
}

export async function findMessage(executor: Executor, id: number): Promise<MessageRow | undefined> {
  return executor.selectFrom('message').selectAll().where('id', '=', id).executeTakeFirst();
}

/** @throws BeeproError `NOT_FOUND` */
export async function lockMessage(trx: Trx, id: number): Promise<MessageRow> {
  const row = await trx.selectFrom('message').selectAll().where('id', '=', id).forUpdate().executeTakeFirst();
  if (!row) throw new BeeproError('NOT_FOUND', { what: 'message', name: String(id) });
  return row;
}

/** Changes columns; false when the message is in none of the states `from`. */
export async function patchMessage(
  trx: Executor,
  id: number,
  from: readonly MessageState[],
  patch: MessagePatch & { readonly state?: MessageState },
): Promise<boolean> {
  const result = await trx
    .updateTable('message')
    .set(patch)
    .where('id', '=', id)
    .where('state', 'in', from)
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

export interface MessagePage {
  readonly states?: readonly MessageState[];
  readonly miner?: ActorId;
  readonly from?: AddressString;
  /** Only those whose `not_before` has passed by the server's clock. */
  readonly isDue?: boolean;
  readonly afterId?: number;
  readonly limit: number;
}

/** In the order of their ids. */
export async function listMessages(executor: Executor, page: MessagePage): Promise<MessageRow[]> {
  let query = executor
    .selectFrom('message')
    .selectAll()
    .where('id', '>', page.afterId ?? 0)
    .orderBy('id')
    .limit(page.limit);
  if (page.states !== undefined) query = query.where('state', 'in', page.states);
  if (page.miner !== undefined) query = query.where('miner', '=', page.miner);
  if (page.from !== undefined) query = query.where('from_address', '=', page.from);
  if (page.isDue === true) {
    query = query.where((eb) => eb.or([eb('not_before', 'is', null), eb('not_before', '<=', serverNow)]));
  }
  return query.execute();
}

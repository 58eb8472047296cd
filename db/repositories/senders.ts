import { type AddressString, BeeproError } from '#core';
import type { Executor, Trx } from '../database.ts';
import { updatedRows } from './affected.ts';

/** Locks the sender until the transaction ends and returns its next nonce. Short transactions only: signing is outside. */
export async function lockSender(trx: Trx, address: AddressString): Promise<number> {
  const locked = () =>
    trx.selectFrom('sender').selectAll().where('address', '=', address).forUpdate().executeTakeFirst();
  const known = await locked();
  if (known) return known.next_nonce;
  await trx
    .insertInto('sender')
    .values({ address, next_nonce: 0 })
    .onDuplicateKeyUpdate({ address })
    .execute();
  return (await locked())?.next_nonce ?? 0;
}

/**
 * Gives an intent its nonce, once and for ever: the higher of what this database and the chain say comes next. A
 * message that has one already keeps it.
 *
 * @param atLeast `MpoolGetNonce` of the sender, read before the transaction
 * @throws BeeproError `NOT_FOUND` when the message is not an intent of this sender
 */
export async function takeNonce(
  trx: Trx,
  messageId: number,
  from: AddressString,
  atLeast: number,
): Promise<number> {
  const next = Math.max(await lockSender(trx, from), atLeast);
  const message = await trx
    .selectFrom('message')
    .select(['nonce', 'state'])
    .where('id', '=', messageId)
    .where('from_address', '=', from)
    .forUpdate()
    .executeTakeFirst();
  if (!message) throw new BeeproError('NOT_FOUND', { what: 'message', name: `${messageId} from ${from}` });
  if (message.nonce !== null) return message.nonce;
  const result = await trx
    .updateTable('message')
    .set({ nonce: next, state: 'nonce' })
    .where('id', '=', messageId)
    .where('state', '=', 'intent')
    .executeTakeFirst();
  if (updatedRows(result) === 0) {
    throw new BeeproError('NOT_FOUND', { what: 'message', name: `${messageId} in state intent` });
  }
  await trx
    .updateTable('sender')
    .set({ next_nonce: next + 1 })
    .where('address', '=', from)
    .execute();
  return next;
}

/** What was counted on a nonce that never came is counted off again. The caller knows that no row holds one from there up. */
export async function lowerNextNonce(trx: Trx, address: AddressString, to: number): Promise<void> {
  await trx.updateTable('sender').set({ next_nonce: to }).where('address', '=', address).execute();
}

/** The next nonce of a sender as this database knows it; undefined for one that it never used. */
export async function readNextNonce(executor: Executor, address: AddressString): Promise<number | undefined> {
  const row = await executor
    .selectFrom('sender')
    .select('next_nonce')
    .where('address', '=', address)
    .executeTakeFirst();
  return row?.next_nonce;
}

/** After a restore of the database: the counter never lies below what the chain has already seen. */
export async function raiseNextNonce(trx: Trx, address: AddressString, atLeast: number): Promise<void> {
  const next = await lockSender(trx, address);
  if (next >= atLeast) return;
  await trx.updateTable('sender').set({ next_nonce: atLeast }).where('address', '=', address).execute();
}

export async function listSenders(
  executor: Executor,
): Promise<{ address: AddressString; next_nonce: number }[]> {
  return executor.selectFrom('sender').selectAll().orderBy('address').execute();
}

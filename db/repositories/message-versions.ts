import type { Insertable, Selectable } from 'kysely';
import type { Executor } from '../database.ts';
import type { MessageVersionTable } from '../schema/index.ts';

export type MessageVersionRow = Selectable<MessageVersionTable>;
export type NewMessageVersion = Omit<Insertable<MessageVersionTable>, 'id' | 'created_at'>;

/** Stores signed bytes, before they are pushed. Storing the same message again changes nothing but bytes that were not known. */
export async function insertMessageVersion(trx: Executor, version: NewMessageVersion): Promise<void> {
  await trx
    .insertInto('message_version')
    .values(version)
    .onDuplicateKeyUpdate({ signed: version.signed })
    .execute();
}

/** Oldest first; the last one is the newest price of this nonce. */
export async function listMessageVersions(
  executor: Executor,
  messageId: number,
): Promise<MessageVersionRow[]> {
  return executor
    .selectFrom('message_version')
    .selectAll()
    .where('message_id', '=', messageId)
    .orderBy('id')
    .execute();
}

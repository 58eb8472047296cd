import type { Selectable } from 'kysely';
import type { SectorId } from '#core';
import type { Executor } from '../database.ts';
import type { MessageSectorTable } from '../schema.ts';
import type { MessageRow } from './messages.ts';

export type MessageSectorRow = Selectable<MessageSectorTable>;

/** The sectors that a message speaks for, in the order of its parameters. */
export async function listMessageSectors(executor: Executor, messageId: number): Promise<MessageSectorRow[]> {
  return executor
    .selectFrom('message_sector')
    .selectAll()
    .where('message_id', '=', messageId)
    .orderBy('position')
    .execute();
}

/** Every message that ever spoke for a sector, newest first. */
export async function listMessagesOfSector(executor: Executor, id: SectorId): Promise<MessageRow[]> {
  return executor
    .selectFrom('message_sector')
    .innerJoin('message', 'message.id', 'message_sector.message_id')
    .selectAll('message')
    .where('message_sector.miner', '=', id.miner)
    .where('message_sector.number', '=', id.number)
    .orderBy('message.id', 'desc')
    .execute();
}

/** What the receipt said of one member: 0, or an actor's exit code. */
export async function setMemberExitCode(
  trx: Executor,
  messageId: number,
  id: SectorId,
  exitCode: number,
): Promise<void> {
  await trx
    .updateTable('message_sector')
    .set({ exit_code: exitCode })
    .where('message_id', '=', messageId)
    .where('miner', '=', id.miner)
    .where('number', '=', id.number)
    .execute();
}

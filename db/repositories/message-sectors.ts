import type { Selectable } from 'kysely';
import type { SectorId, SectorState } from '#core';
import type { Executor } from '../database.ts';
import type { MessageSectorTable, MessageState } from '../schema/index.ts';
import type { MessageRow } from './messages.ts';
import { isAfter } from './sectors.ts';

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

/** A sector that waits for a message, with what the message's row says. */
export interface SectorOnMessage extends SectorId {
  readonly comm_r: string | null;
  readonly precommit_epoch: number | null;
  readonly message_id: number;
  readonly message_state: MessageState;
  readonly nonce: number | null;
  readonly inclusion_epoch: number | null;
  readonly execution_epoch: number | null;
  readonly exit_code: number | null;
  readonly member_exit_code: number | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
}

export interface SectorOnMessagePage {
  readonly activity: 'precommit' | 'commit';
  readonly state: SectorState;
  readonly messageStates: readonly MessageState[];
  readonly after?: SectorId | undefined;
  readonly limit: number;
}

/** Sectors of one state whose message has come so far, in the order (miner, number). */
export async function listSectorsOnMessage(
  executor: Executor,
  page: SectorOnMessagePage,
): Promise<SectorOnMessage[]> {
  const column = page.activity === 'precommit' ? 'sector.precommit_message' : 'sector.commit_message';
  let query = executor
    .selectFrom('sector')
    .innerJoin('message', 'message.id', column)
    .leftJoin('message_sector', (join) =>
      join
        .onRef('message_sector.message_id', '=', 'message.id')
        .onRef('message_sector.miner', '=', 'sector.miner')
        .onRef('message_sector.number', '=', 'sector.number'),
    )
    .select([
      'sector.miner',
      'sector.number',
      'sector.comm_r',
      'sector.precommit_epoch',
      'message.id as message_id',
      'message.state as message_state',
      'message.nonce',
      'message.inclusion_epoch',
      'message.execution_epoch',
      'message.exit_code',
      'message_sector.exit_code as member_exit_code',
      'message.error_code',
      'message.error_message',
    ])
    .where('sector.state', '=', page.state)
    .where('message.state', 'in', page.messageStates)
    .orderBy('sector.miner')
    .orderBy('sector.number')
    .limit(page.limit);
  const { after } = page;
  if (after !== undefined) {
    query = query.where(isAfter(after));
  }
  return query.execute();
}

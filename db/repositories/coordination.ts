import type { ActorId, SectorId, SectorState } from '#core';
import type { Executor } from '../database.ts';
import type { MessageState } from '../schema.ts';
import type { PieceRow } from './pieces.ts';

/** A sector that waits for a message, with what the message's row says. */
export interface SectorOnMessage extends SectorId {
  readonly comm_r: string | null;
  readonly precommit_epoch: number | null;
  readonly message_id: number;
  readonly message_state: MessageState;
  readonly nonce: number | null;
  readonly inclusion_epoch: number | null;
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
    query = query.where((eb) =>
      eb.or([
        eb('sector.miner', '>', after.miner),
        eb.and([eb('sector.miner', '=', after.miner), eb('sector.number', '>', after.number)]),
      ]),
    );
  }
  return query.execute();
}

/** The pieces of many sectors of a miner, each in the order of its manifest. */
export async function listPiecesOfSectors(
  executor: Executor,
  miner: ActorId,
  numbers: readonly number[],
): Promise<Map<number, PieceRow[]>> {
  const bySector = new Map<number, PieceRow[]>();
  if (numbers.length === 0) return bySector;
  const rows = await executor
    .selectFrom('piece')
    .selectAll()
    .where('miner', '=', miner)
    .where('number', 'in', numbers)
    .orderBy('number')
    .orderBy('sector_index')
    .execute();
  for (const row of rows) {
    if (row.number === null) continue;
    const pieces = bySector.get(row.number) ?? [];
    pieces.push(row);
    bySector.set(row.number, pieces);
  }
  return bySector;
}

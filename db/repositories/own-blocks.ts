import { createHash } from 'node:crypto';
import type { Selectable } from 'kysely';
import { sql } from 'kysely';
import type { ActorId, CidString, Epoch } from '#core';
import type { Executor, Trx } from '../database.ts';
import type { MiningHistoryTable, OwnBlockState, OwnBlockTable } from '../schema/index.ts';
import { updatedRows } from './affected.ts';
import { serverNow } from './server-time.ts';

export type OwnBlockRow = Selectable<OwnBlockTable>;
export type MiningHistoryRow = Selectable<MiningHistoryTable>;

export interface NewOwnBlock {
  readonly miner: ActorId;
  readonly epoch: Epoch;
  readonly parents: readonly CidString[];
  readonly baseHeight: Epoch;
  /** The ticket's VRF, hex. */
  readonly ticket: string;
  readonly wins: number;
  readonly leaseToken: number;
  readonly holder: string;
}

/** The same for every order of the blocks. */
function parentsKey(parents: readonly CidString[]): string {
  return createHash('sha256').update(parents.toSorted().join()).digest('hex');
}

/** Locks what is known of the miner's blocks until the transaction ends: one block is decided on at a time. */
export async function lockMiningHistory(trx: Trx, miner: ActorId): Promise<MiningHistoryRow | undefined> {
  return trx
    .selectFrom('mining_history')
    .selectAll()
    .where('miner', '=', miner)
    .forUpdate()
    .executeTakeFirst();
}

export async function findMiningHistory(
  executor: Executor,
  miner: ActorId,
): Promise<MiningHistoryRow | undefined> {
  return executor.selectFrom('mining_history').selectAll().where('miner', '=', miner).executeTakeFirst();
}

/** The history counts as whole from `knownFrom` on; never from earlier than before. */
export async function raiseKnownFrom(
  executor: Executor,
  miner: ActorId,
  knownFrom: Epoch,
  because: string,
): Promise<void> {
  await executor
    .insertInto('mining_history')
    .values({ miner, known_from: knownFrom, because })
    .onDuplicateKeyUpdate({
      because: sql`IF(VALUES(known_from) > known_from, VALUES(because), because)`,
      known_from: sql`GREATEST(known_from, VALUES(known_from))`,
    })
    .execute();
}

/** Own blocks that a block of `epoch` upon `parents`, of a base at `baseHeight`, could be at fault with. */
export async function listRivalBlocks(
  trx: Executor,
  miner: ActorId,
  wanted: { readonly epoch: Epoch; readonly parents: readonly CidString[]; readonly baseHeight: Epoch },
): Promise<OwnBlockRow[]> {
  return trx
    .selectFrom('own_block')
    .selectAll()
    .where('miner', '=', miner)
    .where((eb) =>
      eb.or([
        eb('epoch', 'in', [wanted.epoch, wanted.baseHeight]),
        eb('parents_key', '=', parentsKey(wanted.parents)),
      ]),
    )
    .execute();
}

/** @throws a duplicate-key error for a second block of the epoch or upon the parents: the last line of defence */
export async function insertOwnBlock(trx: Trx, block: NewOwnBlock): Promise<void> {
  await trx
    .insertInto('own_block')
    .values({
      miner: block.miner,
      epoch: block.epoch,
      parents: JSON.stringify(block.parents),
      parents_key: parentsKey(block.parents),
      base_height: block.baseHeight,
      ticket: block.ticket,
      wins: block.wins,
      lease_token: block.leaseToken,
      holder: block.holder,
      state: 'claimed',
    })
    .execute();
}

/** Keeps what the node has signed; false when the epoch is no longer this lease's, or has its block already. */
export async function storeSignedBlock(
  executor: Executor,
  key: Pick<NewOwnBlock, 'miner' | 'epoch' | 'leaseToken'>,
  signed: { readonly cid: CidString; readonly block: string },
): Promise<boolean> {
  const result = await executor
    .updateTable('own_block')
    .set({ state: 'signed', cid: signed.cid, block: signed.block, signed_at: serverNow })
    .where('miner', '=', key.miner)
    .where('epoch', '=', key.epoch)
    .where('lease_token', '=', key.leaseToken)
    .where('state', '=', 'claimed')
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

export interface BlockMove {
  readonly from: readonly OwnBlockState[];
  readonly to: OwnBlockState;
  readonly reason?: string;
}

/** Moves a block on; false when it stands in none of the states `from`. */
export async function moveOwnBlock(
  executor: Executor,
  key: Pick<NewOwnBlock, 'miner' | 'epoch'>,
  { from, to, reason }: BlockMove,
): Promise<boolean> {
  const result = await executor
    .updateTable('own_block')
    .set({
      state: to,
      ...(reason === undefined ? {} : { reason }),
      ...(to === 'submitted' ? { submitted_at: serverNow } : {}),
    })
    .where('miner', '=', key.miner)
    .where('epoch', '=', key.epoch)
    .where('state', 'in', from)
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/** Claims of earlier leases that got no answer: their epochs are lost, since asking again could sign a second block. */
export async function forfeitAbandonedBlocks(
  executor: Executor,
  miner: ActorId,
  leaseToken: number,
): Promise<number> {
  const result = await executor
    .updateTable('own_block')
    .set({ state: 'forfeited', reason: 'the process that asked for it ended before the answer was kept' })
    .where('miner', '=', miner)
    .where('state', '=', 'claimed')
    .where('lease_token', '<', leaseToken)
    .executeTakeFirst();
  return updatedRows(result);
}

/** The highest epoch that has a row; undefined when there is none. */
export async function highestOwnEpoch(executor: Executor, miner: ActorId): Promise<Epoch | undefined> {
  const row = await executor
    .selectFrom('own_block')
    .select((eb) => eb.fn.max('epoch').as('epoch'))
    .where('miner', '=', miner)
    .executeTakeFirst();
  return row?.epoch ?? undefined;
}

export interface OwnBlockPage {
  readonly miner: ActorId;
  readonly states?: readonly OwnBlockState[];
  readonly beforeEpoch?: Epoch;
  readonly limit: number;
}

/** The newest first. */
export async function listOwnBlocks(executor: Executor, page: OwnBlockPage): Promise<OwnBlockRow[]> {
  let query = executor
    .selectFrom('own_block')
    .selectAll()
    .where('miner', '=', page.miner)
    .orderBy('epoch', 'desc')
    .limit(page.limit);
  if (page.states !== undefined) query = query.where('state', 'in', page.states);
  if (page.beforeEpoch !== undefined) query = query.where('epoch', '<', page.beforeEpoch);
  return query.execute();
}

/** Whether the server writes each commit to its disk before it answers; InnoDB's other modes lose the newest ones. */
export async function commitsAreDurable(executor: Executor): Promise<boolean> {
  const { rows } = await sql<{
    mode: number;
  }>`SELECT @@GLOBAL.innodb_flush_log_at_trx_commit AS mode`.execute(executor);
  return Number(rows[0]?.mode) === 1;
}

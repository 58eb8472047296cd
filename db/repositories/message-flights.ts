import { type Selectable, sql } from 'kysely';
import type { AddressString, AttoFil } from '#core';
import type { Executor } from '../database.ts';
import type { MessageTable } from '../schema/index.ts';
import { MESSAGE_COLUMNS } from './message-columns.ts';
import { serverNow } from './server-time.ts';

/** A message without its bytes: those of thousands at once would not fit. */
export type FlightRow = Omit<Selectable<MessageTable>, 'params' | 'return_value'>;

const WITH_NONCE = ['nonce', 'signed', 'pushed', 'landed'] as const;

/** Every message that has a nonce and is not final, by sender and nonce. */
export async function listFlights(executor: Executor): Promise<FlightRow[]> {
  return executor
    .selectFrom('message')
    .select(MESSAGE_COLUMNS)
    .where('state', 'in', WITH_NONCE)
    .where('nonce', 'is not', null)
    .orderBy('from_address')
    .orderBy('nonce')
    .execute();
}

/** Intents that are due, the most pressing first. */
export async function listDueIntents(executor: Executor, limit: number): Promise<FlightRow[]> {
  return executor
    .selectFrom('message')
    .select(MESSAGE_COLUMNS)
    .where('state', '=', 'intent')
    .where((eb) => eb.or([eb('not_before', 'is', null), eb('not_before', '<=', serverNow)]))
    .orderBy(sql`deadline_epoch IS NULL`)
    .orderBy('deadline_epoch')
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** Those of these messages that have no nonce. */
export async function listIntentsAmong(executor: Executor, ids: readonly number[]): Promise<FlightRow[]> {
  if (ids.length === 0) return [];
  return executor
    .selectFrom('message')
    .select(MESSAGE_COLUMNS)
    .where('state', '=', 'intent')
    .where('id', 'in', ids)
    .execute();
}

/** The nonces that rows of this sender hold, from `atLeast` up. */
export async function listNoncesOf(
  executor: Executor,
  from: AddressString,
  atLeast: number,
): Promise<number[]> {
  const rows = await executor
    .selectFrom('message')
    .select('nonce')
    .where('from_address', '=', from)
    .where('nonce', '>=', atLeast)
    .orderBy('nonce')
    .execute();
  return rows.flatMap(({ nonce }) => nonce ?? []);
}

export async function findByNonce(
  executor: Executor,
  from: AddressString,
  nonce: number,
): Promise<FlightRow | undefined> {
  return executor
    .selectFrom('message')
    .select(MESSAGE_COLUMNS)
    .where('from_address', '=', from)
    .where('nonce', '=', nonce)
    .executeTakeFirst();
}

/** What this sender's messages with a nonce may still take from it: value and the most that each may cost. */
export async function reservedFunds(executor: Executor, from: AddressString): Promise<AttoFil> {
  const rows = await executor
    .selectFrom('message')
    .select(['value', 'gas_limit', 'gas_fee_cap'])
    .where('from_address', '=', from)
    .where('state', 'in', ['nonce', 'signed', 'pushed'])
    .execute();
  return rows.reduce(
    (sum, row) => sum + row.value + BigInt(row.gas_limit ?? 0) * (row.gas_fee_cap ?? 0n),
    0n,
  );
}

/** When the oldest intent of this sender was recorded; undefined when it has none. */
export async function oldestIntentOf(executor: Executor, from: AddressString): Promise<Date | undefined> {
  const row = await executor
    .selectFrom('message')
    .select('created_at')
    .where('state', '=', 'intent')
    .where('from_address', '=', from)
    .orderBy('created_at')
    .limit(1)
    .executeTakeFirst();
  return row?.created_at;
}

/**
 * Open messages that speak for sectors none of which waits for them any more: each names another message, or none.
 * A message of no sector is never among them.
 */
export async function listForsaken(executor: Executor): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    SELECT m.id FROM message m
      JOIN message_sector ms ON ms.message_id = m.id
      JOIN sector s ON s.miner = ms.miner AND s.number = ms.number
     WHERE m.state IN ('intent', 'nonce', 'signed', 'pushed') AND m.purpose IN ('precommit', 'commit')
       AND m.cancel_code IS NULL
     GROUP BY m.id
    HAVING SUM(CASE m.purpose WHEN 'precommit' THEN COALESCE(s.precommit_message, 0) = m.id
                              ELSE COALESCE(s.commit_message, 0) = m.id END) = 0`.execute(executor);
  return rows.map(({ id }) => id);
}

/** A mempool has come to this nonce: what this sender pushed below it was seen. */
export async function markSeen(executor: Executor, from: AddressString, below: number): Promise<void> {
  await executor
    .updateTable('message')
    .set({ seen_at: serverNow, pushed_at: sql<Date>`COALESCE(pushed_at, NOW(3))` })
    .where('from_address', '=', from)
    .where('state', '=', 'pushed')
    .where('nonce', '<', below)
    .where((eb) => eb.or([eb('seen_at', 'is', null), eb('pushed_at', 'is', null)]))
    .execute();
}

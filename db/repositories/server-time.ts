import { type RawBuilder, sql } from 'kysely';
import type { Executor } from '../database.ts';

/** The server's clock, the only one that several hosts share. */
export const serverNow: RawBuilder<Date> = sql<Date>`NOW(3)`;

/** `ms` milliseconds from now (before now when negative) by the server's clock. */
export function serverTimeIn(ms: number): RawBuilder<Date> {
  return sql<Date>`DATE_ADD(NOW(3), INTERVAL ${Math.round(ms * 1000)} MICROSECOND)`;
}

/** The server's NOW(3): the only clock that expiries and back-offs go by. */
export async function readServerTime(executor: Executor): Promise<Date> {
  const { now } = await executor.selectNoFrom(serverNow.as('now')).executeTakeFirstOrThrow();
  return now;
}

import { type RawBuilder, sql } from 'kysely';

/** The server's clock, the only one that several hosts share. */
export const serverNow: RawBuilder<Date> = sql<Date>`NOW(3)`;

/** `ms` milliseconds from now (before now when negative) by the server's clock. */
export function serverTimeIn(ms: number): RawBuilder<Date> {
  return sql<Date>`DATE_ADD(NOW(3), INTERVAL ${Math.round(ms * 1000)} MICROSECOND)`;
}

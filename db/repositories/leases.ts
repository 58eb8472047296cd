import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely';
import { BeeproError } from '#core';
import type { Executor, Trx } from '../database.ts';
import type { LeaseTable } from '../schema/index.ts';
import { updatedRows } from './affected.ts';
import { serverNow, serverTimeIn } from './server-time.ts';

export type LeaseRow = Selectable<LeaseTable>;

/** A lease as held. The token fences: it grows with each new holder, and writes show it. */
export interface HeldLease {
  readonly name: string;
  readonly holder: string;
  readonly token: number;
}

export interface AcquireOptions {
  readonly name: string;
  /** Unique per process start: a restarted process is another holder. */
  readonly holder: string;
  readonly ttlMs: number;
  /** A holder known to be dead (its process on this very host is gone): its lease is taken before it expires. */
  readonly deadHolder?: string | undefined;
  /** Take it only if nobody has held it since this token: who comes too late must not push its successor out. */
  readonly lastToken?: number;
}

/** Takes a lease that is free, expired by the server's clock, or held by `deadHolder`; undefined when another has it. */
export async function acquireLease(trx: Trx, options: AcquireOptions): Promise<HeldLease | undefined> {
  const { name, holder, ttlMs, deadHolder, lastToken } = options;
  const update = trx
    .updateTable('lease')
    .set({ holder, token: sql<number>`token + 1`, expires_at: serverTimeIn(ttlMs) })
    .where('name', '=', name);
  const result = await (lastToken === undefined ? update : update.where('token', '=', lastToken))
    .where((eb) =>
      eb.or([
        eb('expires_at', '<=', serverNow),
        ...(deadHolder === undefined ? [] : [eb('holder', '=', deadHolder)]),
      ]),
    )
    .executeTakeFirst();
  const lease = await findLease(trx, name);
  if (updatedRows(result) === 1) return lease && { name, holder, token: lease.token };
  if (lease) return undefined;
  // Two first holders at once: the key decides, and the loser sees the winner's row.
  await trx
    .insertInto('lease')
    .values({ name, holder, token: 1, expires_at: serverTimeIn(ttlMs) })
    .onDuplicateKeyUpdate({ name })
    .execute();
  const first = await findLease(trx, name);
  return first?.holder === holder && first.token === 1 ? { name, holder, token: 1 } : undefined;
}

/** Extends a lease that still runs; false when it expired or was taken: an expired lease is never revived. */
export async function renewLease(executor: Executor, lease: HeldLease, ttlMs: number): Promise<boolean> {
  const result = await executor
    .updateTable('lease')
    .set({ expires_at: serverTimeIn(ttlMs) })
    .where('name', '=', lease.name)
    .where('holder', '=', lease.holder)
    .where('token', '=', lease.token)
    .where('expires_at', '>', serverNow)
    .executeTakeFirst();
  return updatedRows(result) === 1;
}

/** Lets go, so that another can take it at once. */
export async function releaseLease(executor: Executor, lease: HeldLease): Promise<void> {
  await executor
    .updateTable('lease')
    .set({ expires_at: serverNow })
    .where('name', '=', lease.name)
    .where('token', '=', lease.token)
    .where('expires_at', '>', serverNow)
    .execute();
}

/**
 * For every transaction that writes on the strength of a lease: holds the lease's row shared until the commit, so that
 * nobody can take it over in between.
 * @throws BeeproError `LEASE_LOST`
 */
export async function assertLease(trx: Trx, lease: Pick<HeldLease, 'name' | 'token'>): Promise<void> {
  // LOCK IN SHARE MODE: the spelling that MariaDB and MySQL share.
  const { rows } = await sql<{ held: number }>`SELECT 1 AS held FROM lease
    WHERE name = ${lease.name} AND token = ${lease.token} AND expires_at > NOW(3) LOCK IN SHARE MODE`.execute(
    trx,
  );
  if (rows.length === 0) throw new BeeproError('LEASE_LOST', { name: lease.name, token: lease.token });
}

/**
 * The same as a condition of one statement, whose lock ends with the transaction: a subquery is read without any lock
 * unless it says otherwise.
 */
export function leaseIsHeld(lease: Pick<HeldLease, 'name' | 'token'>): RawBuilder<SqlBool> {
  return sql`EXISTS (SELECT 1 FROM lease
    WHERE name = ${lease.name} AND token = ${lease.token} AND expires_at > NOW(3) LOCK IN SHARE MODE)`;
}

export async function findLease(executor: Executor, name: string): Promise<LeaseRow | undefined> {
  return executor.selectFrom('lease').selectAll().where('name', '=', name).executeTakeFirst();
}

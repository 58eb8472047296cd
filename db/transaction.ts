import { setTimeout as sleep } from 'node:timers/promises';
import { BeeproError } from '#core';
import { isLockConflict } from './connection/connection-errors.ts';
import type { Database, Executor, Trx } from './database.ts';

const MAX_TRIES = 8;
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 500;

/**
 * Runs `work` in one READ COMMITTED transaction, and again from its beginning after a deadlock (1213) or a lock
 * time-out (1205), at most 8 times with growing, jittered pauses. So `work` must do nothing but SQL: side effects
 * belong behind the commit. A lost connection is never retried here, for the commit may have gone through.
 *
 * ```ts
 * const number = await transaction(database, (trx) => allocateSectorNumber(trx, 1000));
 * ```
 * @throws BeeproError `DB_CONFLICT` when the tries are spent, and whatever `work` throws
 */
export async function transaction<T>(
  database: Database | Executor,
  work: (trx: Trx) => Promise<T>,
): Promise<T> {
  const kysely = 'kysely' in database ? database.kysely : database;
  // READ COMMITTED is every connection's own level (connection/pool.ts).
  return untilNoConflict(() => kysely.transaction().execute(work));
}

/**
 * The same for work that is one statement: it is a transaction of its own, and the two round trips around it are saved.
 * @throws BeeproError `DB_CONFLICT` when the tries are spent, and whatever `statement` throws
 */
export async function untilNoConflict<T>(statement: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await statement();
    } catch (error) {
      if (!isLockConflict(error)) throw error;
      if (tries === MAX_TRIES) throw new BeeproError('DB_CONFLICT', { tries }, { cause: error });
      const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tries);
      await sleep(ceiling * (0.5 + Math.random() / 2));
    }
  }
}

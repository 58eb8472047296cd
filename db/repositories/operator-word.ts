import { sql } from 'kysely';
import type { Executor } from '../database.ts';
import { fingerprintSettings } from './settings.ts';

/**
 * Changes with whatever an operator can say to workers: settings, states of workers, paused queues. An active worker is
 * no word of anybody, so that the start of a fleet changes nothing.
 */
export async function fingerprintOperatorWord(executor: Executor): Promise<string> {
  const settings = await fingerprintSettings(executor);
  const { rows } = await sql<{ workers: string; pauses: string }>`SELECT
      (SELECT ${sql.raw(digestOf('name, state'))} FROM worker WHERE state <> 'active') AS workers,
      (SELECT ${sql.raw(digestOf('queue'))} FROM queue_pause) AS pauses`.execute(executor);
  return [settings, rows[0]?.workers, rows[0]?.pauses].join(' ');
}

function digestOf(columns: string): string {
  return `CONCAT(COUNT(*), ':', COALESCE(BIT_XOR(
    CAST(CONV(LEFT(SHA2(CONCAT_WS('\\0', ${columns}), 256), 16), 16, 10) AS UNSIGNED)), 0))`;
}

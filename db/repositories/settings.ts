import { type Selectable, sql } from 'kysely';
import type { Executor, Trx } from '../database.ts';
import type { SettingHistoryTable, SettingTable } from '../schema/index.ts';
import { serverNow } from './server-time.ts';

export type SettingRow = Pick<Selectable<SettingTable>, 'name' | 'scope' | 'value'>;
export type SettingHistoryRow = Selectable<SettingHistoryTable>;

export interface SettingChange {
  readonly name: string;
  readonly scope: string;
  readonly oldValue: string | null;
  readonly newValue: string | null;
  readonly who: string;
}

export async function readSettingRows(executor: Executor): Promise<SettingRow[]> {
  return executor
    .selectFrom('setting')
    .select(['name', 'scope', 'value'])
    .orderBy('name')
    .orderBy('scope')
    .execute();
}

export interface SettingVersion {
  readonly version: number;
  readonly fingerprint: string;
}

export async function readSettingVersion(executor: Executor): Promise<SettingVersion> {
  const row = await executor
    .selectFrom('setting_version')
    .select(['version', 'fingerprint'])
    .executeTakeFirst();
  return row ?? { version: 0, fingerprint: '' };
}

/**
 * Count and XOR of a digest over the rows: any change by plain SQL moves it. Not CRC32: that is linear, so two rows
 * changed alike (one limit of two workers from 1 to 2) would cancel out in the XOR.
 */
export async function fingerprintSettings(executor: Executor): Promise<string> {
  const { rows } = await sql<{ fingerprint: string }>`SELECT CONCAT(COUNT(*), ':', COALESCE(BIT_XOR(
      CAST(CONV(LEFT(SHA2(CONCAT_WS('\0', name, scope, value), 256), 16), 16, 10) AS UNSIGNED)), 0)) AS fingerprint
    FROM setting`.execute(executor);
  return rows[0]?.fingerprint ?? '';
}

/** Serialises writers of settings until the transaction ends. */
export async function lockSettings(trx: Trx): Promise<SettingVersion> {
  const row = await trx
    .selectFrom('setting_version')
    .select(['version', 'fingerprint'])
    .where('id', '=', 1)
    .forUpdate()
    .executeTakeFirst();
  return row ?? { version: 0, fingerprint: '' };
}

/** Writes or (null) removes a value; the caller holds {@link lockSettings}. */
export async function writeSettingRow(
  trx: Trx,
  name: string,
  scope: string,
  value: string | null,
): Promise<void> {
  if (value === null) {
    await trx.deleteFrom('setting').where('name', '=', name).where('scope', '=', scope).execute();
  } else {
    await trx.insertInto('setting').values({ name, scope, value }).onDuplicateKeyUpdate({ value }).execute();
  }
}

export async function insertSettingHistory(trx: Executor, changes: readonly SettingChange[]): Promise<void> {
  if (changes.length === 0) return;
  const rows = changes.map((change) => ({
    name: change.name,
    scope: change.scope,
    old_value: change.oldValue,
    new_value: change.newValue,
    who: change.who,
    changed_at: serverNow,
  }));
  await trx.insertInto('setting_history').values(rows).execute();
}

/** Makes readers look again, and acknowledges the table as it now stands. */
export async function bumpSettingVersion(trx: Trx, fingerprint: string): Promise<void> {
  await trx
    .updateTable('setting_version')
    .set({ version: sql<number>`version + 1`, fingerprint })
    .where('id', '=', 1)
    .execute();
}

/** The settings as the history knows them: what every change so far, each with its author, adds up to. */
export async function readAcknowledgedSettings(executor: Executor): Promise<SettingRow[]> {
  const { rows } = await sql<SettingRow>`SELECT h.name, h.scope, h.new_value AS value
    FROM setting_history h
    JOIN (SELECT MAX(id) AS id FROM setting_history GROUP BY name, scope) newest ON newest.id = h.id
    WHERE h.new_value IS NOT NULL`.execute(executor);
  return rows;
}

/** Newest first. */
export async function listSettingHistory(
  executor: Executor,
  filter: { readonly name?: string; readonly scope?: string; readonly limit?: number } = {},
): Promise<SettingHistoryRow[]> {
  let query = executor
    .selectFrom('setting_history')
    .selectAll()
    .orderBy('id', 'desc')
    .limit(filter.limit ?? 100);
  if (filter.name !== undefined) query = query.where('name', '=', filter.name);
  if (filter.scope !== undefined) query = query.where('scope', '=', filter.scope);
  return query.execute();
}

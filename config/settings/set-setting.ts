import {
  bumpSettingVersion,
  type Database,
  fingerprintSettings,
  insertSettingHistory,
  lockSettings,
  readAcknowledgedSettings,
  readSettingRows,
  type SettingChange,
  type SettingRow,
  type Trx,
  transaction,
  writeSettingRow,
} from '#db';
import { parseSettingName, parseSettingValue } from './parse-setting.ts';
import type { SettingsWake } from './redis-wake.ts';
import { refuseContradictions } from './relations.ts';
import { checkScope, type SettingContext } from './scope.ts';
import { SettingTable } from './setting-table.ts';

export interface SetSettingRequest {
  readonly name: string;
  readonly scope?: string;
  /** As typed; null takes the value of this scope away. */
  readonly value: string | null;
  /** A CLI user, or `web:NAME`. */
  readonly who: string;
}

/**
 * Changes one setting: checked against the registry, with its history, in one transaction; then everyone is woken.
 * @returns what changed, or undefined when it was so already
 * @throws BeeproError `SETTING_UNKNOWN`, `SETTING_SCOPE_INVALID`, `SETTING_VALUE_INVALID`; nothing is changed then
 */
export async function setSetting(
  database: Database,
  request: SetSettingRequest,
  wake?: SettingsWake,
): Promise<SettingChange | undefined> {
  const { scope = '*', value, who } = request;
  const name = parseSettingName(request.name);
  checkScope(name, scope);
  if (value !== null) parseSettingValue(name, value);

  const change = await transaction(database, async (trx) => {
    await lockSettings(trx);
    // Whatever was changed by SQL since anyone looked gets its own line first.
    await acknowledgeChanges(trx, 'sql');
    const rows = await readSettingRows(trx);
    const oldValue = rows.find((row) => row.name === name && row.scope === scope)?.value ?? null;
    if (oldValue === value) return undefined;
    const others = rows.filter((row) => row.name !== name || row.scope !== scope);
    const table = new SettingTable(
      value === null ? others : [...others, { name, scope, value }],
      () => undefined,
    );
    refuseContradictions(name, value, minersOf(table), (context) => (other) => table.get(other, context));
    await writeSettingRow(trx, name, scope, value);
    await insertSettingHistory(trx, [{ name, scope, oldValue, newValue: value, who }]);
    await bumpSettingVersion(trx, await fingerprintSettings(trx));
    return { name, scope, oldValue, newValue: value, who };
  });
  if (change) await wake?.publish();
  return change;
}

/**
 * Writes the difference between the table and its history into the history, and stamps the table as seen. The
 * history is the last known copy, so a change made while nobody was watching is found too.
 * The caller holds `lockSettings`.
 */
export async function acknowledgeChanges(trx: Trx, who: string): Promise<SettingChange[]> {
  const [known, rows] = [await readAcknowledgedSettings(trx), await readSettingRows(trx)];
  const changes = compare(known, rows, who);
  if (changes.length > 0) {
    await insertSettingHistory(trx, changes);
    await bumpSettingVersion(trx, await fingerprintSettings(trx));
  }
  return changes;
}

function compare(known: readonly SettingRow[], rows: readonly SettingRow[], who: string): SettingChange[] {
  const where = (row: SettingRow) => `${row.name}\0${row.scope}`;
  const before = new Map(known.map((row) => [where(row), row.value]));
  const after = new Set(rows.map(where));
  const set = rows
    .filter((row) => before.get(where(row)) !== row.value)
    .map((row) => ({ ...place(row), oldValue: before.get(where(row)) ?? null, newValue: row.value, who }));
  const removed = known
    .filter((row) => !after.has(where(row)))
    .map((row) => ({ ...place(row), oldValue: row.value, newValue: null, who }));
  return [...set, ...removed];
}

function place({ name, scope }: SettingRow): { name: string; scope: string } {
  return { name, scope };
}

/** Everybody, and each miner that has a value of its own: settings that contradict each other differ by miner at most. */
function minersOf(table: SettingTable): SettingContext[] {
  const own = table.entries.flatMap(({ scope }) => /^miner:(\d+)$/.exec(scope)?.[1] ?? []);
  return [{}, ...new Set(own)].map((miner) => (typeof miner === 'string' ? { miner: Number(miner) } : {}));
}

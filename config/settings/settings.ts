import { type Database, fingerprintSettings, listSettingHistory, readSettingRows } from '#db';
import { isSettingName, type SettingName, type SettingValue } from '../registry/index.ts';
import type { OperatorStamp } from './operator-stamp.ts';
import { parseSettingValue } from './parse-setting.ts';
import type { SettingsWake } from './redis-wake.ts';
import type { SettingContext } from './scope.ts';
import { changedNames, type Explanation, type SettingEntry, SettingTable } from './setting-table.ts';

/** Below 2 s with what a look costs: the promise is that a change is in force everywhere within 2 s. */
const POLL_MS = 1_500;
/** How far the history is searched for the last good value of a malformed row. */
const HISTORY_DEPTH = 100;

export interface SettingsOptions {
  readonly database: Database;
  readonly wake?: SettingsWake | undefined;
  readonly pollMs?: number;
  /** With it MySQL is asked only when the stamp is another, or nobody announces one. */
  readonly stamp?: OperatorStamp | undefined;
  /** Told when a look failed; the last known settings stay in force and the next look is tried. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Told of each row that has no effect as it stands, once per text. */
  readonly onInvalid?: ((entry: SettingEntry) => void) | undefined;
}

/**
 * The live settings of one process. Ask at the moment of use and keep no copies: a change made by CLI, page or plain
 * SQL is in force within 2 s, with Redis within milliseconds.
 *
 * ```ts
 * const settings = await openSettings({ database, wake: redisWake({ redis }) });
 * const limit = settings.get('worker.limit.precommit1', { worker: 'host-a' }); // number
 * ```
 */
export class Settings implements AsyncDisposable {
  readonly #options: SettingsOptions;
  readonly #listeners = new Set<(names: readonly SettingName[]) => void>();
  readonly #reported = new Map<string, string>();
  #table = new SettingTable([], () => undefined);
  #fingerprint: string | undefined;
  /** Announced before the last look. */
  #stamp: string | undefined;
  #looking: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;
  #unsubscribe: (() => Promise<void>) | undefined;
  #forgetStamp: (() => void) | undefined;

  private constructor(options: SettingsOptions) {
    this.#options = options;
  }

  /** Reads the settings once, then keeps them current. @throws BeeproError `DB_…` when that first look fails */
  static async open(options: SettingsOptions): Promise<Settings> {
    const settings = new Settings(options);
    await settings.#look();
    settings.#unsubscribe = await options.wake?.subscribe(() => settings.#lookQuietly());
    settings.#forgetStamp = options.stamp?.onChange(() => void settings.#poll());
    settings.#schedule();
    return settings;
  }

  get<N extends SettingName>(name: N, context?: SettingContext): SettingValue<N> {
    return this.#table.get(name, context);
  }

  /** The value, which scope it comes from, and what every other scope has. */
  explain<N extends SettingName>(name: N, context?: SettingContext): Explanation<N> {
    return this.#table.explain(name, context);
  }

  /** Every row of the table as it was understood. */
  get entries(): readonly SettingEntry[] {
    return this.#table.entries;
  }

  /** Rows without effect: unknown names, wrong scopes, malformed values (the last good value stays in force). */
  get invalid(): readonly SettingEntry[] {
    return this.#table.invalid;
  }

  /** Calls back with the names whose values changed for anyone; returns the way to stop that. */
  onChange(listener: (names: readonly SettingName[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Looks now, rather than at the next poll or wake-up. */
  async refresh(): Promise<void> {
    // A look that is under way may have read before the caller's change.
    await this.#looking?.catch(() => undefined);
    await this.#look();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#forgetStamp?.();
    await this.#unsubscribe?.();
    await this.#looking?.catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      this.#poll().finally(() => this.#schedule());
    }, this.#options.pollMs ?? POLL_MS);
  }

  async #poll(): Promise<void> {
    const stamp = this.#options.stamp?.current;
    if (stamp !== undefined && stamp === this.#stamp) return;
    // Read before the look, so what the look finds is at least as new.
    if (await this.#lookQuietly()) this.#stamp = stamp;
  }

  /** False when it failed. */
  async #lookQuietly(): Promise<boolean> {
    if (this.#isClosed) return false;
    try {
      await this.refresh();
      return true;
    } catch (error) {
      this.#options.onError?.(error);
      return false;
    }
  }

  #look(): Promise<void> {
    this.#looking ??= this.#read().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #read(): Promise<void> {
    const { kysely } = this.#options.database;
    // The fingerprint first: rows that are newer than it only make the next look read once more.
    const fingerprint = await fingerprintSettings(kysely);
    if (fingerprint === this.#fingerprint) return;
    const rows = await readSettingRows(kysely);
    const before = this.#table;
    const blind = new SettingTable(rows, (name, scope) => before.entry(name, scope)?.inForce?.text);
    const lost = blind.invalid.filter(
      (entry) => entry.error?.code === 'SETTING_VALUE_INVALID' && !entry.inForce,
    );
    const found = new Map<string, string>();
    for (const entry of lost) {
      const text = await this.#lastGoodInHistory(entry);
      if (text !== undefined) found.set(`${entry.name}\0${entry.scope}`, text);
    }
    this.#table = new SettingTable(
      rows,
      (name, scope) => before.entry(name, scope)?.inForce?.text ?? found.get(`${name}\0${scope}`),
    );
    this.#fingerprint = fingerprint;
    this.#reportInvalid();
    const names = changedNames(before, this.#table);
    if (names.length > 0) for (const listener of this.#listeners) listener(names);
  }

  /** A process that starts while a row is malformed has no memory of its own. */
  async #lastGoodInHistory(entry: SettingEntry): Promise<string | undefined> {
    const { name, scope } = entry;
    if (!isSettingName(name)) return undefined;
    const history = await listSettingHistory(this.#options.database.kysely, {
      name,
      scope,
      limit: HISTORY_DEPTH,
    });
    // Beyond a removal the scope had no value of its own.
    for (const { new_value: text } of history) {
      if (text === null) return undefined;
      if (isValid(name, text)) return text;
    }
    return undefined;
  }

  #reportInvalid(): void {
    const { onInvalid } = this.#options;
    const current = new Set<string>();
    for (const entry of this.#table.invalid) {
      const where = `${entry.name}\0${entry.scope}`;
      current.add(where);
      if (this.#reported.get(where) === entry.text) continue;
      this.#reported.set(where, entry.text);
      onInvalid?.(entry);
    }
    for (const where of this.#reported.keys()) if (!current.has(where)) this.#reported.delete(where);
  }
}

/** See {@link Settings}. */
export function openSettings(options: SettingsOptions): Promise<Settings> {
  return Settings.open(options);
}

function isValid(name: SettingName, text: string): boolean {
  try {
    parseSettingValue(name, text);
    return true;
  } catch {
    return false; // this text was malformed too
  }
}

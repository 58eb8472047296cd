import { type BeeproError, isBeeproError } from '#core';
import type { SettingRow } from '#db';
import {
  SETTING_NAMES,
  SETTINGS,
  type SettingName,
  type SettingValue,
  settingDefinition,
} from '../registry/index.ts';
import { parseSettingName, parseSettingValue } from './parse-setting.ts';
import { checkScope, type SettingContext, scopesFor } from './scope.ts';

/** One row of the table `setting` as it was understood. */
export interface SettingEntry {
  readonly name: string;
  readonly scope: string;
  readonly text: string;
  /** What counts for this scope: the row's value, or for a malformed row the last good one. */
  readonly inForce: { readonly value: unknown; readonly text: string } | undefined;
  /** Why the row has no effect as it stands. */
  readonly error: BeeproError | undefined;
}

/** Where a value comes from. */
export interface Explanation<N extends SettingName> {
  readonly name: N;
  readonly value: SettingValue<N>;
  readonly text: string;
  /** `default`, or the scope that decided. */
  readonly from: string;
  /** Every scope that was asked, the most specific first, and what it has to say. */
  readonly asked: readonly { readonly scope: string; readonly entry: SettingEntry | undefined }[];
}

/** Returns the text that a scope had before its row became malformed, if any is known. */
export type LastGood = (name: SettingName, scope: string) => string | undefined;

/** The settings at one moment: what the rows of the database say, over the defaults. Immutable. */
export class SettingTable {
  readonly entries: readonly SettingEntry[];
  readonly #byKey: ReadonlyMap<string, SettingEntry>;
  /** Answers that were given before: decisions ask for dozens of settings, many times a second. */
  readonly #answers = new Map<string, unknown>();

  constructor(rows: readonly SettingRow[], lastGood: LastGood) {
    this.entries = rows.map((row) => readEntry(row, lastGood));
    this.#byKey = new Map(this.entries.map((entry) => [key(entry.name, entry.scope), entry]));
  }

  /** Rows that have no effect as they stand: unknown names, wrong scopes, malformed values. */
  get invalid(): readonly SettingEntry[] {
    return this.entries.filter((entry) => entry.error !== undefined);
  }

  entry(name: string, scope: string): SettingEntry | undefined {
    return this.#byKey.get(key(name, scope));
  }

  get<N extends SettingName>(name: N, context: SettingContext = {}): SettingValue<N> {
    // A class that is not given is looked up; an empty one is none.
    const { worker = '', miner = '', class: workerClass = '?' } = context;
    const asked = `${name}\0${worker}\0${miner}\0${workerClass}`;
    const known = this.#answers.get(asked);
    if (known !== undefined) return known as SettingValue<N>;
    const value = this.#find(name, context);
    this.#answers.set(asked, value);
    return value;
  }

  #find<N extends SettingName>(name: N, context: SettingContext): SettingValue<N> {
    for (const scope of this.#scopes(name, context)) {
      const inForce = this.#byKey.get(key(name, scope))?.inForce;
      if (inForce) return inForce.value as SettingValue<N>;
    }
    return DEFAULTS.get(name) as SettingValue<N>;
  }

  explain<N extends SettingName>(name: N, context: SettingContext = {}): Explanation<N> {
    const asked = this.#scopes(name, context).map((scope) => ({ scope, entry: this.entry(name, scope) }));
    const decided = asked.find(({ entry }) => entry?.inForce !== undefined);
    return {
      name,
      value: this.get(name, context),
      text: decided?.entry?.inForce?.text ?? SETTINGS[name].default,
      from: decided?.scope ?? 'default',
      asked,
    };
  }

  #scopes(name: SettingName, context: SettingContext): string[] {
    const kind = settingDefinition(name).scope;
    const isClassNeeded = kind === 'worker' && context.class === undefined && name !== 'worker.class';
    if (!isClassNeeded || context.worker === undefined) return scopesFor(kind, context);
    return scopesFor(kind, { ...context, class: this.get('worker.class', { worker: context.worker }) });
  }
}

/** Names whose value differs for anyone between two tables. */
export function changedNames(before: SettingTable, after: SettingTable): SettingName[] {
  const texts = (table: SettingTable) =>
    new Map(
      table.entries.flatMap((entry) =>
        entry.inForce ? [[key(entry.name, entry.scope), entry.inForce.text] as const] : [],
      ),
    );
  const [old, now] = [texts(before), texts(after)];
  const names = new Set<string>();
  for (const [where, text] of old) if (now.get(where) !== text) names.add(where.split('\0', 1)[0] ?? '');
  for (const where of now.keys()) if (!old.has(where)) names.add(where.split('\0', 1)[0] ?? '');
  return SETTING_NAMES.filter((name) => names.has(name));
}

const DEFAULTS: ReadonlyMap<SettingName, unknown> = new Map(
  SETTING_NAMES.map((name) => [name, parseSettingValue(name, SETTINGS[name].default)]),
);

function readEntry(row: SettingRow, lastGood: LastGood): SettingEntry {
  const { name, scope, value: text } = row;
  let known: SettingName | undefined;
  try {
    known = parseSettingName(name);
    checkScope(known, scope);
    return { name, scope, text, inForce: { value: parseSettingValue(known, text), text }, error: undefined };
  } catch (error) {
    if (!isBeeproError(error)) throw error;
    const isValueWrong = known !== undefined && error.code === 'SETTING_VALUE_INVALID';
    const inForce = known && isValueWrong ? readLastGood(known, lastGood(known, scope)) : undefined;
    return { name, scope, text, inForce, error };
  }
}

function readLastGood(name: SettingName, text: string | undefined): SettingEntry['inForce'] {
  return text === undefined ? undefined : { value: parseSettingValue(name, text), text };
}

function key(name: string, scope: string): string {
  return `${name}\0${scope}`;
}

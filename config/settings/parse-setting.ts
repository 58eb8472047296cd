import { BeeproError } from '#core';
import {
  isSettingName,
  SETTING_NAMES,
  type SettingName,
  type SettingValue,
  settingDefinition,
} from '../registry/index.ts';
import { ValueError } from '../types/index.ts';

/** @throws BeeproError `SETTING_UNKNOWN`, with the nearest name there is */
export function parseSettingName(text: string): SettingName {
  if (isSettingName(text)) return text;
  const nearest = SETTING_NAMES.map((name) => ({ name, distance: editDistance(text, name) })).toSorted(
    (a, b) => a.distance - b.distance,
  )[0];
  const hint = nearest && nearest.distance <= Math.max(3, text.length / 3) ? `; is it ${nearest.name}?` : '';
  throw new BeeproError('SETTING_UNKNOWN', { name: text, hint });
}

/** @throws BeeproError `SETTING_VALUE_INVALID` */
export function parseSettingValue<N extends SettingName>(name: N, text: string): SettingValue<N> {
  try {
    return settingDefinition(name).type.parse(text) as SettingValue<N>;
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const value = error.isSecret ? '…' : text;
    throw new BeeproError('SETTING_VALUE_INVALID', { name, value, detail: error.message });
  }
}

/** The canonical text of a value. */
export function formatSettingValue<N extends SettingName>(name: N, value: SettingValue<N>): string {
  return settingDefinition(name).type.format(value);
}

/** Levenshtein's distance: how many letters must be added, dropped or changed. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(change, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

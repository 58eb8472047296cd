import type { SettingType } from './setting-type.ts';

/** A value that may be absent: an empty text is undefined. `none` tells people what that means. */
export function optional<T>(type: SettingType<T>, none: string): SettingType<T | undefined> {
  return {
    name: type.name,
    range: type.range === '' ? `or empty: ${none}` : `${type.range}, or empty: ${none}`,
    parse: (text) => (text.trim() === '' ? undefined : type.parse(text)),
    format: (value) => (value === undefined ? '' : type.format(value)),
  };
}

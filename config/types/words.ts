import { type SettingType, ValueError } from './setting-type.ts';

const TRUE = new Set(['true', 'on', 'yes', '1']);
const FALSE = new Set(['false', 'off', 'no', '0']);

export function flag(): SettingType<boolean> {
  return {
    name: 'true or false',
    range: '',
    parse: (text) => {
      const word = text.trim().toLowerCase();
      if (!TRUE.has(word) && !FALSE.has(word)) throw new ValueError('it must be true or false');
      return TRUE.has(word);
    },
    format: String,
  };
}

export function oneOf<const T extends string>(...choices: readonly T[]): SettingType<T> {
  const list = choices.join(', ');
  return {
    name: 'choice',
    range: list,
    parse: (text) => {
      const choice = choices.find((known) => known === text.trim());
      if (choice === undefined) throw new ValueError(`it must be one of ${list}`);
      return choice;
    },
    format: (value) => value,
  };
}

/** Free text of one line, that `pattern` matches whole; `form` tells people what it must look like. */
export function text(pattern: RegExp, form: string): SettingType<string> {
  return {
    name: 'text',
    range: form,
    parse: (value) => {
      const trimmed = value.trim();
      if (!pattern.test(trimmed)) throw new ValueError(`it must be ${form}`);
      return trimmed;
    },
    format: (value) => value,
  };
}

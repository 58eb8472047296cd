import { type SettingType, ValueError } from './setting-type.ts';

export interface NumberRange {
  readonly min?: number;
  readonly max?: number;
}

/** A whole number; with `percent` it may be written with a % sign. */
export function integer(range: NumberRange & { readonly unit?: string } = {}): SettingType<number> {
  const { unit } = range;
  return {
    name: unit === undefined ? 'whole number' : `whole number of ${unit}`,
    range: describeRange(range, String),
    parse: (text) => {
      if (!/^[+-]?\d+$/.test(text.trim())) throw new ValueError('it must be a whole number, such as 4');
      return within(Number(text), range, String);
    },
    format: String,
  };
}

/** A number with decimals, such as 1.25. */
export function decimal(range: NumberRange = {}): SettingType<number> {
  return {
    name: 'number',
    range: describeRange(range, String),
    parse: (text) => {
      if (!/^[+-]?\d+(\.\d+)?$/.test(text.trim())) throw new ValueError('it must be a number, such as 1.25');
      return within(Number(text), range, String);
    },
    format: String,
  };
}

/** @throws ValueError */
export function within(value: number, range: NumberRange, show: (value: number) => string): number {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER)
    throw new ValueError('it is too large');
  if (range.min !== undefined && value < range.min)
    throw new ValueError(`it must be at least ${show(range.min)}`);
  if (range.max !== undefined && value > range.max)
    throw new ValueError(`it must be at most ${show(range.max)}`);
  return value;
}

export function describeRange(range: NumberRange, show: (value: number) => string): string {
  const { min, max } = range;
  if (min !== undefined && max !== undefined) return `${show(min)} to ${show(max)}`;
  if (min !== undefined) return `at least ${show(min)}`;
  return max === undefined ? '' : `at most ${show(max)}`;
}

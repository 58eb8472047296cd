import { type AttoFil, type Bytes, type Epoch, formatFil, isBeeproError, parseFil } from '#core';
import { describeRange, type NumberRange, within } from './numbers.ts';
import { type SettingType, ValueError } from './setting-type.ts';

type Units = readonly (readonly [name: string, size: number])[];

const DURATION_UNITS: Units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

const BYTE_UNITS: Units = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['B', 1],
];

/** An epoch is 30 s (`builtin.EpochDurationSeconds` of go-state-types), so a day has 2880. */
const EPOCH_UNITS: Units = [
  ['d', 2880],
  ['h', 120],
  ['', 1],
];

/** A span of time, read as milliseconds: `1500ms`, `30s`, `1h30m`, `2d`. The range is in milliseconds. */
export function duration(range: NumberRange = {}): SettingType<number> {
  return quantity('duration', DURATION_UNITS, range, 'such as 30s, 10m or 1h30m');
}

/** A size, read as bytes: `512MiB`, `1GiB`, `1073741824B`. The range is in bytes. */
export function bytes(range: NumberRange = {}): SettingType<Bytes> {
  return quantity('size', BYTE_UNITS, range, 'such as 512MiB or 1GiB');
}

/** A number of epochs: `900`, or days and hours of 30 s epochs: `540d`, `1d12h`. The range is in epochs. */
export function epochs(range: NumberRange = {}): SettingType<Epoch> {
  return quantity('epochs', EPOCH_UNITS, range, 'such as 900, 12h or 540d', inOneUnit);
}

/** An amount of money, read as attoFIL: `0.5 FIL`, `3 nanoFIL`. */
export function fil(): SettingType<AttoFil> {
  return {
    name: 'amount of FIL',
    range: '',
    parse: (text) => {
      try {
        return parseFil(text);
      } catch (error) {
        if (isBeeproError(error, 'MONEY_MALFORMED')) {
          throw new ValueError('it must be an amount with its unit, such as 0.5 FIL or 3 nanoFIL');
        }
        throw error;
      }
    },
    format: formatFil,
  };
}

function quantity(
  name: string,
  units: Units,
  range: NumberRange,
  examples: string,
  write: (value: number, units: Units) => string = inSeveralUnits,
): SettingType<number> {
  const show = (value: number) => write(value, units);
  return {
    name,
    range: describeRange(range, show),
    parse: (text) => {
      const value = parseQuantity(text.trim(), units);
      if (value === undefined)
        throw new ValueError(`it must be a ${name === 'epochs' ? 'number of epochs' : name}, ${examples}`);
      return within(value, range, show);
    },
    format: show,
  };
}

/** The sum of its parts, each a number and a unit; `0` needs no unit. */
function parseQuantity(text: string, units: Units): number | undefined {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*/g)];
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) return undefined;
  let sum = 0;
  for (const [, amount, unit] of parts) {
    const size = units.find(([known]) => known.toLowerCase() === (unit ?? '').toLowerCase())?.[1];
    if (size === undefined) return undefined;
    sum += Number(amount) * size;
  }
  return Number.isInteger(sum) ? sum : undefined;
}

/** `540d`, `900`: hours with a rest in epochs would puzzle. */
function inOneUnit(value: number, units: Units): string {
  const unit = units.find(([, size]) => value !== 0 && value % size === 0);
  return unit ? `${value / unit[1]}${unit[0]}` : String(value);
}

/** `1h30m`. */
function inSeveralUnits(value: number, units: Units): string {
  let rest = value;
  let text = '';
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    if (count === 0) continue;
    text += `${count}${unit}`;
    rest -= count * size;
  }
  const smallest = units.at(-1)?.[0] ?? '';
  return text || `0${smallest}`;
}

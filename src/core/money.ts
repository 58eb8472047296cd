import { BeeproError } from './errors/index.ts';
import type { AttoFil } from './ids.ts';

/** Decimal exponents of the FIL units that fees are given in. Source: Lotus `types.FIL` and common usage. */
const UNITS: Readonly<Record<string, number>> = {
  attofil: 0,
  afil: 0,
  femtofil: 3,
  picofil: 6,
  nanofil: 9,
  nfil: 9,
  microfil: 12,
  millifil: 15,
  fil: 18,
};

/**
 * Reads an amount such as `0.5 FIL`, `3 nanoFIL`, `100attoFIL`. A number without a unit is FIL, as in Lotus.
 * @throws BeeproError `MONEY_MALFORMED`
 */
export function parseFil(text: string): AttoFil {
  const match = /^\s*(\d+)(?:\.(\d+))?\s*([a-zA-Z]*)\s*$/.exec(text);
  const exponent = match ? UNITS[(match[3] || 'fil').toLowerCase()] : undefined;
  if (!match || exponent === undefined) throw new BeeproError('MONEY_MALFORMED', { text });
  const fraction = (match[2] ?? '').replace(/0+$/, '');
  if (fraction.length > exponent) throw new BeeproError('MONEY_MALFORMED', { text });
  return BigInt(`${match[1]}${fraction.padEnd(exponent, '0')}`);
}

/** Writes an amount in the largest unit that keeps it short: `1.5 FIL`, `250 nanoFIL`, `7 attoFIL`. */
export function formatFil(amount: AttoFil): string {
  const sign = amount < 0n ? '-' : '';
  const abs = amount < 0n ? -amount : amount;
  if (abs === 0n) return '0 FIL';
  const [name, exponent] =
    abs >= 10n ** 14n ? ['FIL', 18] : abs >= 10n ** 5n ? ['nanoFIL', 9] : ['attoFIL', 0];
  const digits = abs.toString().padStart(exponent + 1, '0');
  const whole = exponent === 0 ? digits : digits.slice(0, -exponent);
  const fraction = exponent === 0 ? '' : digits.slice(-exponent).replace(/0+$/, '');
  return `${sign}${whole}${fraction ? `.${fraction}` : ''} ${name}`;
}

import type { AttoFil } from '#core';

export function lesser(a: AttoFil, b: AttoFil): AttoFil {
  return a < b ? a : b;
}

export function greatest(...amounts: readonly AttoFil[]): AttoFil {
  return amounts.reduce((most, amount) => -lesser(-most, -amount));
}

import type { AttoFil } from '#core';

/** `Math.max` knows no bigint. */
export function highest(first: AttoFil, ...others: readonly AttoFil[]): AttoFil {
  let found = first;
  for (const amount of others) if (amount > found) found = amount;
  return found;
}

export function lowest(first: AttoFil, ...others: readonly AttoFil[]): AttoFil {
  let found = first;
  for (const amount of others) if (amount < found) found = amount;
  return found;
}

import { BeeproError } from '#core';

/** A column that the state machine has filled before this phase could be asked for. */
export function need<T>(value: T | null | undefined, what: string, phase: string): T {
  if (value === null || value === undefined) {
    throw new BeeproError('WORKER_PRECONDITION', { phase, detail: `the sector has no ${what}` });
  }
  return value;
}

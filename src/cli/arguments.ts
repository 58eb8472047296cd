import { userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';
import {
  type ActorId,
  type AttoFil,
  isBeeproError,
  isPhase,
  PHASE_NAMES,
  type Phase,
  parseFil,
  parseSectorName,
  type SectorId,
} from '#core';

/** `t01000`, `f01000` or `1000`. */
export function minerArgument(text: string): ActorId {
  const id = Number(/^(?:[tf]0)?(\d+)$/.exec(text)?.[1]);
  if (!Number.isSafeInteger(id)) {
    throw new InvalidArgumentError('write a miner as its ID address, such as t01000');
  }
  return id;
}

/** `t01000/12` or `s-t01000-12`. */
export function sectorArgument(text: string): SectorId {
  const id = parseSectorName(text);
  if (!id) throw new InvalidArgumentError('write a sector as MINER/NUMBER, such as t01000/12');
  return id;
}

export function phaseArgument(text: string): Phase {
  if (!isPhase(text)) throw new InvalidArgumentError(`the phases are ${PHASE_NAMES.join(', ')}`);
  return text;
}

export function countArgument(text: string): number {
  const count = Number(text);
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError('write a whole number from 1 up');
  return count;
}

/** `1.5 FIL`, `200 milliFIL`, `3 nanoFIL`; a unit must stand there, for a wrong one is money. In attoFIL. */
export function amountArgument(text: string): AttoFil {
  try {
    const amount = parseFil(text);
    if (/[a-z]\s*$/i.test(text)) return amount;
  } catch (error) {
    if (!isBeeproError(error, 'MONEY_MALFORMED')) throw error;
  }
  throw new InvalidArgumentError('write an amount with its unit, such as "1.5 FIL" or "200 milliFIL"');
}

/** An amount, or `all`. */
export function amountOrAllArgument(text: string): AttoFil | 'all' {
  return text === 'all' ? text : amountArgument(text);
}

/** The id of a row. */
export function numberArgument(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(number) || number < 0) {
    throw new InvalidArgumentError('write a whole number');
  }
  return number;
}

export function limitArgument(text: string): number {
  const limit = Number(text);
  if (!/^\d+$/.test(text.trim()) || !Number.isSafeInteger(limit)) {
    throw new InvalidArgumentError('write a whole number, 0 or more');
  }
  return limit;
}

/** `host-a`, `class:big`, `*`: the scope of a setting that may differ by worker. */
export function workerScopeArgument(text: string): string {
  return text === '*' || text.startsWith('class:') || text.startsWith('worker:') ? text : `worker:${text}`;
}

export interface ListenAddress {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** `127.0.0.1:8840`, `[::1]:8840`, `localhost:0`. */
export function listenArgument(text: string): ListenAddress {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:[\]\s]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match?.[1] || port > 65_535) throw new InvalidArgumentError('write HOST:PORT, such as 127.0.0.1:8840');
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

/** Several, separated by commas. */
export function listenArguments(text: string): ListenAddress[] {
  return text.split(',').map((each) => listenArgument(each.trim()));
}

const DURATION_UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `500ms`, `4s`; in ms. */
export function durationArgument(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * (DURATION_UNITS[unit] ?? Number.NaN));
  if (!Number.isSafeInteger(ms) || ms < 1)
    throw new InvalidArgumentError('write a duration such as 500ms or 4s');
  return ms;
}

export function shareArgument(text: string): number {
  const share = Number(text);
  if (text.trim() === '' || !(share >= 0 && share < 1)) {
    throw new InvalidArgumentError('write a number from 0 to below 1');
  }
  return share;
}

/** Who gave this command, for histories and logs. */
export function operator(): string {
  return `cli:${process.env.SUDO_USER ?? userInfo().username}`;
}

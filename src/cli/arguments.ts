import { userInfo } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { type ActorId, isPhase, PHASE_NAMES, type Phase, parseSectorName, type SectorId } from '#core';

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
  if (text.trim() === '' || !Number.isSafeInteger(limit) || limit < 0) {
    throw new InvalidArgumentError('write a whole number, 0 or more');
  }
  return limit;
}

/** `host-a`, `class:big`, `*`: the scope of a setting that may differ by worker. */
export function workerScopeArgument(text: string): string {
  return text === '*' || text.startsWith('class:') || text.startsWith('worker:') ? text : `worker:${text}`;
}

/** Who gave this command, for histories and logs. */
export function operator(): string {
  return `cli:${process.env.SUDO_USER ?? userInfo().username}`;
}

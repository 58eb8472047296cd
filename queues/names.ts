import { BeeproError, isPhase, type Phase, type SectorId, sectorName } from '#core';

/** A queue's name: `precommit1` for the fleet, `precommit1@host-a` for one worker. */
export type QueueName = string;

export interface QueueParts {
  readonly phase: Phase;
  /** Undefined: the fleet's queue. */
  readonly worker: string | undefined;
}

/** Names of workers go into queue names, file names and Redis keys. */
const WORKER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

export function isWorkerName(text: string): boolean {
  return WORKER_NAME.test(text);
}

export function queueName(phase: Phase, worker?: string | null): QueueName {
  return worker ? `${phase}@${worker}` : phase;
}

/** @throws BeeproError `QUEUE_NAME_MALFORMED` */
export function parseQueueName(name: QueueName): QueueParts {
  const at = name.indexOf('@');
  const phase = at < 0 ? name : name.slice(0, at);
  const worker = at < 0 ? undefined : name.slice(at + 1);
  if (!isPhase(phase) || (worker !== undefined && !isWorkerName(worker))) {
    throw new BeeproError('QUEUE_NAME_MALFORMED', { name });
  }
  return { phase, worker };
}

/** The id of the second job of a run that other hosts may claim as well; it lies in the fleet's queue. */
export function offerJobId(sector: SectorId, phase: Phase, attempt: number): string {
  return `${jobId(sector, phase, attempt)}-offer`;
}

/**
 * The id of a phase run's job: `precommit1-s-t01000-12-a1`. It carries the attempt because BullMQ silently
 * ignores an id that it still keeps as completed or failed; it holds no `:`, which BullMQ refuses.
 */
export function jobId(sector: SectorId, phase: Phase, attempt: number): string {
  return `${phase}-${sectorName(sector)}-a${attempt}`;
}

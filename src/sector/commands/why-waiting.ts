import type { SectorId } from '#core';
import { BeeproError, PHASES, sectorName } from '#core';
import {
  type BatchQueueRow,
  type Executor,
  findMessage,
  findSector,
  findWorker,
  listBlockedBatches,
  listRunsOfSector,
  type MessageRow,
  type PhaseRunRow,
  readServerTime,
  type SectorRow,
  type WorkerRow,
} from '#db';

/** What the reason is made of: rows, read at one time. */
export interface WaitFacts {
  readonly sector: SectorRow;
  readonly runs: readonly PhaseRunRow[];
  readonly message: MessageRow | undefined;
  /** The worker that holds the sector's files. */
  readonly holder: WorkerRow | undefined;
  readonly now: Date;
  /** Activities of the miner that stand still. */
  readonly stands?: readonly BatchQueueRow[];
}

/** A silent worker is named as the reason after so long, in ms. */
const SILENT_MS = 30_000;

/** Why a sector stands where it stands, in one sentence. @throws BeeproError `NOT_FOUND` */
export async function whyWaiting(db: Executor, id: SectorId): Promise<string> {
  const sector = await findSector(db, id);
  if (!sector) throw new BeeproError('NOT_FOUND', { what: 'sector', name: sectorName(id) });
  const messageId = messageOf(sector);
  const [runs, message, holder, now, stands] = await Promise.all([
    listRunsOfSector(db, id, ['waiting', 'queued', 'running']),
    messageId === null ? undefined : findMessage(db, messageId),
    sector.worker === null ? undefined : findWorker(db, sector.worker),
    readServerTime(db),
    listBlockedBatches(db, sector.miner),
  ]);
  return waitReason({ sector, runs, message, holder, now, stands });
}

/** Pure: every state has its reason, so that no sector waits without one. */
export function waitReason(facts: WaitFacts): string {
  const { sector, runs, message } = facts;
  switch (sector.state) {
    case 'Packing':
      return 'more pieces, until it is full or has waited as long as piece.wait says';
    case 'PreCommitBatching':
      return `a pre-commit batch that is full, due or urgent${retryNote(sector, 'precommit')}${standsNote(facts, 'precommit')}`;
    case 'PreCommitWait':
      return message ? messageReason(message) : 'its pre-commit, whose message is being looked up';
    case 'WaitSeed':
      return `the seed of its pre-commit at epoch ${sector.precommit_epoch}${landingNote(facts)}`;
    case 'CommitBatching':
      return `a prove-commit batch that is full, due or urgent${retryNote(sector, 'commit')}${standsNote(facts, 'commit')}`;
    case 'CommitWait':
      return message ? messageReason(message) : 'its prove-commit, whose message is being looked up';
    case 'Proving':
      return sector.unproven ? 'its first WindowPoSt' : 'nothing: it is proving';
    case 'Parked':
      return `the operator: ${sector.parked_code} – ${sector.parked_reason} (resume, redo or remove it)`;
    case 'Removed':
      return 'nothing: it is gone';
    default:
      return runs.length > 0
        ? runs.map((run) => runReason(run, facts)).join('; ')
        : 'nothing that is known: no run is open for it (redo it)';
  }
}

function runReason(run: PhaseRunRow, facts: WaitFacts): string {
  const { label } = PHASES[run.phase];
  if (run.status === 'running') {
    const silence = facts.now.getTime() - (run.heartbeat_at ?? run.claimed_at ?? facts.now).getTime();
    const silent = silence > SILENT_MS ? `, which has been silent for ${seconds(silence)}` : '';
    return `${label} on ${run.worker}${silent}`;
  }
  if (run.status === 'waiting') {
    const left = Math.max(0, (run.not_before ?? facts.now).getTime() - facts.now.getTime());
    const why = run.error_message ?? lastRecovery(facts.sector);
    return `${label} in ${seconds(left)}${why ? `: ${why}` : ''}`;
  }
  if (run.queue_worker === null) return `a worker that takes ${label}`;
  const away = facts.holder && facts.holder.heartbeatAgeMs > SILENT_MS;
  const others = run.offered_at ? ', or on any worker that accepts outside C2' : '';
  return `${label} on ${run.queue_worker}, which holds its files${others}${
    away ? ` and has been silent for ${seconds(facts.holder?.heartbeatAgeMs ?? 0)}` : ''
  }`;
}

function messageReason(message: MessageRow): string {
  const why = message.error_message ? `: ${message.error_message}` : '';
  switch (message.state) {
    case 'intent':
      return `message ${message.id}, not sent yet${why}`;
    case 'nonce':
      return `the signature of message ${message.id} (nonce ${message.nonce})${why}`;
    case 'signed':
      return `message ${message.id} to be pushed${why}`;
    case 'pushed':
      return `message ${message.cid} to be included${why}`;
    case 'landed':
      return `message ${message.cid} to be final, executed at epoch ${message.execution_epoch}`;
    default:
      return `the outcome of message ${message.id} to be taken up (${message.state})${why}`;
  }
}

function landingNote(facts: WaitFacts): string {
  return facts.runs.length > 0 ? ` (${facts.runs.map((run) => runReason(run, facts)).join('; ')})` : '';
}

function retryNote(sector: SectorRow, source: string): string {
  const tries = Object.entries(sector.recoveries).filter(([key]) => key.startsWith(`${source}.`));
  return tries.length > 0
    ? `, in small company and after a pause: ${tries.map(([key, n]) => `${key} ×${n}`).join(', ')}`
    : '';
}

/** Why no message of the kind goes out for its miner at all. */
function standsNote({ stands = [] }: WaitFacts, activity: string): string {
  const still = stands.find((row) => row.activity === activity);
  return still ? `. None goes out now: ${still.blocked_message} (${still.blocked_code})` : '';
}

function lastRecovery(sector: SectorRow): string | undefined {
  const keys = Object.keys(sector.recoveries);
  return keys.length > 0 ? `after ${keys.join(', ')}` : undefined;
}

function messageOf(sector: SectorRow): number | null {
  if (sector.state === 'PreCommitWait') return sector.precommit_message;
  return sector.state === 'CommitWait' ? sector.commit_message : null;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1_000)} s`;
}

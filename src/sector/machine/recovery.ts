import { ERRORS, isErrorCode, type Phase } from '#core';
import { FULL_RETRY, type RetryScale } from './facts.ts';

/** Where a recovery goes on. */
export type RecoveryStep =
  /** The same phase again. */
  | 'again'
  /** PreCommit1 with the same ticket: it restores the replica that PreCommit2 encodes in place. */
  | 'restore'
  /** From PreCommit1 (from AddPiece where the files are gone), trusting nothing in the cache. */
  | 'redo'
  /** As redo, with a new ticket; not once a pre-commit names the old one. */
  | 'new-ticket'
  /** Commit1 and what follows. */
  | 'commit1'
  /** Landing anew, from the workspace that is still there. */
  | 'land'
  /** Back to WaitSeed; what was computed for the old seed is thrown away. */
  | 'wait-seed'
  | 'batch-precommit'
  | 'batch-commit'
  | 'park';

export interface Recovery {
  readonly meaning: string;
  readonly goTo: RecoveryStep;
  /** How often before the sector is parked. */
  readonly tries: number;
  /** Wait before try n: min(cap, base · factor^(n−1)), in ms. */
  readonly backoff: { readonly baseMs: number; readonly factor: number; readonly capMs: number };
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const NONE = { baseMs: 0, factor: 1, capMs: 0 };

/**
 * What follows each kind of failure. Tries are counted for each phase and kind in `sector.recoveries`, and
 * forgotten when that phase succeeds or the operator resumes or redoes the sector.
 */
export const RECOVERIES = {
  temporary: {
    meaning: 'something outside failed and may work later',
    goTo: 'again',
    tries: 12,
    backoff: { baseMs: 5 * SECOND, factor: 2, capMs: 10 * MINUTE },
  },
  chain: {
    meaning: 'the Lotus nodes cannot answer; days of outage are waited out',
    goTo: 'again',
    tries: 5000,
    backoff: { baseMs: 2 * SECOND, factor: 2, capMs: MINUTE },
  },
  space: {
    meaning: 'out of disk space or memory',
    goTo: 'again',
    tries: 200,
    backoff: { baseMs: 30 * SECOND, factor: 2, capMs: 10 * MINUTE },
  },
  params: {
    meaning: 'a proof parameter file is missing or damaged; the operator can mend it meanwhile',
    goTo: 'again',
    tries: 30,
    backoff: { baseMs: 30 * SECOND, factor: 2, capMs: 10 * MINUTE },
  },
  crash: {
    meaning: 'worker or sealer died during the phase again and again',
    goTo: 'again',
    tries: 5,
    backoff: { baseMs: 10 * SECOND, factor: 3, capMs: 10 * MINUTE },
  },
  'time-limit': {
    meaning: 'the phase ran beyond its time limit',
    goTo: 'again',
    tries: 2,
    backoff: { baseMs: 30 * SECOND, factor: 2, capMs: 10 * MINUTE },
  },
  replica: {
    meaning: 'the replica is half encoded or does not verify',
    goTo: 'restore',
    tries: 4,
    backoff: { baseMs: SECOND, factor: 5, capMs: 10 * MINUTE },
  },
  cache: {
    meaning: 'files of the sector are missing or damaged',
    goTo: 'redo',
    tries: 3,
    backoff: { baseMs: SECOND, factor: 10, capMs: 10 * MINUTE },
  },
  ticket: {
    meaning: 'the ticket is too old for a pre-commit',
    goTo: 'new-ticket',
    tries: 6,
    backoff: { baseMs: 0, factor: 1, capMs: MINUTE },
  },
  proof: {
    meaning: 'Commit1’s output is gone, or the proof does not verify',
    goTo: 'commit1',
    tries: 3,
    backoff: { baseMs: SECOND, factor: 10, capMs: 10 * MINUTE },
  },
  seed: {
    meaning: 'a reorg moved the pre-commit, and with it the seed',
    goTo: 'wait-seed',
    tries: 50,
    backoff: NONE,
  },
  copy: {
    meaning: 'the landed copy differs from its source',
    goTo: 'again',
    tries: 5,
    backoff: { baseMs: 5 * SECOND, factor: 3, capMs: 10 * MINUTE },
  },
  landed: {
    meaning: 'a landed file is gone or damaged while the workspace still has it',
    goTo: 'land',
    tries: 3,
    backoff: { baseMs: SECOND, factor: 10, capMs: 10 * MINUTE },
  },
  data: {
    meaning: 'the data is not what it is said to be',
    goTo: 'park',
    tries: 0,
    backoff: NONE,
  },
  permanent: {
    meaning: 'any other failure that trying again hardly mends',
    goTo: 'again',
    tries: 2,
    backoff: { baseMs: 10 * SECOND, factor: 6, capMs: 10 * MINUTE },
  },
  'precommit-refused': {
    meaning: 'the pre-commit was refused before it was signed, or failed on chain',
    goTo: 'batch-precommit',
    tries: 5,
    backoff: { baseMs: 5 * SECOND, factor: 4, capMs: 30 * MINUTE },
  },
  'commit-refused': {
    meaning: 'the prove-commit was refused before it was signed, or failed on chain',
    goTo: 'batch-commit',
    tries: 5,
    backoff: { baseMs: 5 * SECOND, factor: 4, capMs: 30 * MINUTE },
  },
  reorg: {
    meaning: 'a reorg dropped or moved the pre-commit',
    goTo: 'wait-seed',
    tries: 50,
    backoff: NONE,
  },
} as const satisfies Record<string, Recovery>;

export type FailureKind = keyof typeof RECOVERIES;

/** Wait before try `n` (1 is the first), in ms. */
export function backoffMs(kind: FailureKind, n: number, retry: RetryScale = FULL_RETRY): number {
  const { baseMs, factor, capMs } = RECOVERIES[kind].backoff;
  return Math.round((Math.min(capMs, baseMs * factor ** (n - 1)) * retry.backoffPercent) / 100);
}

/** How often a kind of failure is tried again before the sector is parked. */
export function triesOf(kind: FailureKind, retry: RetryScale = FULL_RETRY): number {
  return Math.ceil((RECOVERIES[kind].tries * retry.triesPercent) / 100);
}

/** Codes whose meaning depends on nothing but themselves. The first match wins. */
const BY_CODE: readonly (readonly [RegExp, FailureKind])[] = [
  [/^WORKER_CRASHED$|^SEALER_(INTERRUPTED|DIED|CRASHED|EXITED|GARBAGE|PROTOCOL|PANIC)$/, 'crash'],
  [/TIME_LIMIT$/, 'time-limit'],
  [/NO_SPACE$|OUT_OF_MEMORY$|DISK_FULL$/, 'space'],
  [/PARAMS_/, 'params'],
  [/^CHAIN_/, 'chain'],
];

const TICKET_PHASES: readonly Phase[] = ['precommit1', 'precommit2'];
const SEED_PHASES: readonly Phase[] = ['commit1', 'commit2', 'clear-cache'];

/** Sealer and storage failures whose cure depends on how far the sector is. Names as in the error table. */
const REPLICA = /REPLICA_NOT_FRESH$|REPLICA_INVALID$/;
const FILES = /CACHE_CORRUPT$|STALE_KEY$|NOT_SEALED$|FILE_MISSING$|WRONG_SIZE$|VANILLA_INVALID$/;
const DATA = /DATA_MISMATCH$/;
const PROOF = /PROOF_INVALID$|DIGEST_MISMATCH$|FILE_MISSING$/;
/** What no repetition mends: the chain and the sector contradict each other. */
const HOPELESS = /^SECTOR_(NUMBER_TAKEN|COMMR_DIFFERS|COMMD_DIFFERS|PRECOMMIT_EXPIRED)$/;
const LANDED = /^STORAGE_(COPY_DIFFERS|FILE_MISSING|UNKNOWN_PATH)$/;
const COPY = /^(LANDING|STORAGE)_.*(MISMATCH|CORRUPT|VERIFY|DIFFERS)/;

/** What kind of failure an error code is in a phase. Pure; an unknown code goes by its severity. */
export function failureKind(phase: Phase, code: string): FailureKind {
  if (code === 'SECTOR_TICKET_EXPIRED' && TICKET_PHASES.includes(phase)) return 'ticket';
  if (code === 'SECTOR_SEED_MOVED' && SEED_PHASES.includes(phase)) return 'seed';
  for (const [pattern, kind] of BY_CODE) if (pattern.test(code)) return kind;
  if (HOPELESS.test(code)) return 'data';
  if (phase === 'clear-cache' && LANDED.test(code)) return 'landed';
  if (phase === 'landing' && (COPY.test(code) || DATA.test(code))) return 'copy';
  if (phase === 'add-piece' && DATA.test(code)) return 'data';
  if (phase === 'commit2' && PROOF.test(code)) return 'proof';
  if (phase === 'precommit2' && (REPLICA.test(code) || DATA.test(code))) return 'replica';
  if (phase === 'commit1' && (REPLICA.test(code) || DATA.test(code))) return 'cache';
  // The data was right when it was added: what differs is what an earlier run left in the cache.
  if (phase === 'precommit1' && DATA.test(code)) return 'cache';
  if ((phase === 'precommit1' || phase === 'precommit2' || phase === 'commit1') && FILES.test(code))
    return 'cache';
  if (isErrorCode(code) && ERRORS[code].severity === 'temporary') return 'temporary';
  // PC2 that failed in the middle leaves a half-encoded replica; C1's library errors are invalid vanilla proofs.
  if (phase === 'precommit2') return 'replica';
  if (phase === 'commit1') return 'cache';
  if (phase === 'commit2') return 'proof';
  return 'permanent';
}

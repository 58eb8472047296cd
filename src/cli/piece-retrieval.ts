import { createHash } from 'node:crypto';
import { constants, createReadStream, existsSync } from 'node:fs';
import { access, rename, rm, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BeeproError, type Bytes, type CidString, isBeeproError, sectorName, toBeeproError } from '#core';
import { listRunsOfSector, type PhaseRunRow } from '#db';
import { planRetrieval, type RetrievalPlan, type RetrievalWay, retrievalFacts, writePiece } from '#pieces';
import { requestUnseal, type SectorModules } from '#sector';
import { storageError } from '#storage';

const POLL_MS = 300;

export interface RetrieveRequest {
  readonly cid: CidString;
  /** A file; when it must be unsealed, on storage that the workers see too. */
  readonly out: string;
  /** Those that may be used, the preferred first; default all, the cheapest first. */
  readonly ways?: readonly RetrievalWay[] | undefined;
  /** How long an unsealing is waited for, in ms; it goes on without anybody who waits. */
  readonly timeoutMs: number;
  /** More bytes were written. */
  readonly onBytes?: (bytes: Bytes) => void;
  /** While it is unsealed: the run as it stands. */
  readonly onRun?: (run: PhaseRunRow) => void;
  /** A copy could not be used, and the next way is tried. */
  readonly onSkipped?: (plan: RetrievalPlan, reason: BeeproError) => void;
  readonly signal?: AbortSignal;
}

export interface Retrieved {
  readonly way: RetrievalWay;
  readonly bytes: Bytes;
  readonly sha256: string;
}

type UnsealPlan = Extract<RetrievalPlan, { way: 'unseal' }>;

/**
 * Writes a piece's bytes to a file: from the copy that is kept or the sector's unsealed copy, else by a scheduled run
 * of the unseal phase. The file appears when it is whole and its digest is that of what was added.
 * @throws BeeproError `INPUT_INVALID`, `PIECE_…`, `STORAGE_…`
 */
export async function retrievePiece(modules: SectorModules, request: RetrieveRequest): Promise<Retrieved> {
  const out = resolve(request.out);
  await checkTarget(out);
  const facts = await retrievalFacts(modules.db.kysely, request.cid);
  const plans = planRetrieval(request.cid, unsealedBeside(out, request.cid), facts, request.ways);
  let reason: BeeproError | undefined;
  for (const plan of plans) {
    try {
      if (plan.way === 'unseal') await unseal(modules, plan, out, request);
      else await copyOut(plan, out, request);
      return { way: plan.way, bytes: plan.piece.raw_size, sha256: plan.piece.sha256 };
    } catch (error) {
      if (!(error instanceof CopyUnusable)) throw error;
      reason = error.reason;
      if (plan !== plans.at(-1)) request.onSkipped?.(plan, reason);
    }
  }
  throw reason ?? new BeeproError('PIECE_UNKNOWN', { cid: request.cid });
}

/** A copy that is gone or damaged: another may do. */
class CopyUnusable extends Error {
  readonly reason: BeeproError;

  constructor(reason: BeeproError) {
    super(reason.message);
    this.reason = reason;
  }
}

async function copyOut(
  plan: Exclude<RetrievalPlan, UnsealPlan>,
  out: string,
  { onBytes }: RetrieveRequest,
): Promise<void> {
  try {
    await access(plan.path, constants.R_OK);
  } catch (error) {
    throw new CopyUnusable(toBeeproError(storageError(error, plan.path)));
  }
  try {
    await writePiece(plan, out, onBytes);
  } catch (error) {
    throw isBeeproError(error, 'PIECE_DATA_DIFFERS') ? new CopyUnusable(error) : error;
  }
}

/** Told before hours of unsealing, not after. */
async function checkTarget(out: string): Promise<void> {
  const refuse = (detail: string): never => {
    throw new BeeproError('INPUT_INVALID', { what: '--out', detail });
  };
  const present = await stat(out).catch(() => undefined);
  if (present && !present.isFile()) refuse(`${out} is there already and is no file`);
  try {
    await access(dirname(out), constants.W_OK);
  } catch {
    refuse(`${dirname(out)} is no folder that this user may write to`);
  }
}

/**
 * Where a piece is unsealed to: the same for every request with this target, so that whoever asks again, after a
 * time-out or a closed terminal, takes over what runs or is there.
 */
function unsealedBeside(out: string, cid: CidString): string {
  return `${out}.${createHash('sha256').update(cid).digest('hex').slice(0, 8)}.unsealed`;
}

async function unseal(
  modules: SectorModules,
  plan: UnsealPlan,
  out: string,
  request: RetrieveRequest,
): Promise<void> {
  const temporary = plan.request.out;
  const asked = await lastRun(modules, plan);
  const isThere = asked?.status === 'done' && existsSync(temporary);
  if (!asked || (isOver(asked) && !isThere)) await requestUnseal(modules, plan.sector, plan.request);
  const run = await finishedRun(modules, plan, request);
  try {
    await checkFile(temporary, plan, run);
    await rename(temporary, out);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Follows the request's runs, retries included, to their end. */
async function finishedRun(
  modules: SectorModules,
  plan: UnsealPlan,
  { timeoutMs, onRun, signal }: RetrieveRequest,
): Promise<PhaseRunRow> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const run = await lastRun(modules, plan);
    if (run) onRun?.(run);
    if (run?.status === 'done') return run;
    // A retry is inserted in the transaction that ends the run before it: there is none.
    if (!run || isOver(run)) {
      throw new BeeproError('PIECE_UNSEAL_FAILED', {
        sector: sectorName(plan.sector),
        code: run?.error_code ?? 'RUN_SUPERSEDED',
        detail: run?.error_message ?? 'it was taken back',
      });
    }
    if (performance.now() > deadline)
      throw new BeeproError('PIECE_STILL_UNSEALING', { sector: sectorName(plan.sector), ms: timeoutMs });
    await sleep(POLL_MS, undefined, { ref: true });
  }
}

/** The latest run that writes the plan's file. */
async function lastRun(
  modules: SectorModules,
  { sector, request }: UnsealPlan,
): Promise<PhaseRunRow | undefined> {
  const runs = await listRunsOfSector(modules.db.kysely, sector);
  return runs.findLast(({ phase, input }) => phase === 'unseal' && input.out === request.out);
}

function isOver({ status }: PhaseRunRow): boolean {
  return status === 'done' || status === 'failed' || status === 'superseded';
}

async function checkFile(path: string, { piece }: UnsealPlan, run: PhaseRunRow): Promise<void> {
  try {
    await access(path);
  } catch (cause) {
    throw new BeeproError('PIECE_WRITTEN_ELSEWHERE', { worker: run.worker, path }, { cause });
  }
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path)) digest.update(chunk as Buffer);
  if (digest.digest('hex') !== piece.sha256)
    throw new BeeproError('PIECE_DATA_DIFFERS', { cid: piece.cid, path });
}

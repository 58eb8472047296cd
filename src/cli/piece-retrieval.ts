import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { BeeproError, type Bytes, type CidString, sectorName } from '#core';
import { listRunsOfSector, type PhaseRunRow } from '#db';
import { planRetrieval, type RetrievalPlan, type RetrievalWay, retrievalFacts, writePiece } from '#pieces';
import { requestUnseal, type SectorModules } from '#sector';

const POLL_MS = 300;

export interface RetrieveRequest {
  readonly cid: CidString;
  /** A file; when it must be unsealed, on storage that the workers see too. */
  readonly out: string;
  /** Those that may be used, the preferred first; default all, the cheapest first. */
  readonly ways?: readonly RetrievalWay[] | undefined;
  /** How long an unsealing is waited for, in ms; it goes on without anybody who waits. */
  readonly timeoutMs: number;
  readonly onBytes?: (bytes: Bytes) => void;
  /** While it is unsealed: the run as it stands. */
  readonly onRun?: (run: PhaseRunRow) => void;
  readonly signal?: AbortSignal;
}

export interface Retrieved {
  readonly way: RetrievalWay;
  readonly bytes: Bytes;
  readonly sha256: string;
}

/**
 * Writes a piece's bytes to a file: from the copy that is kept or the sector's unsealed copy, else by a scheduled run
 * of the unseal phase. The file appears when it is whole and its digest is that of what was added.
 * @throws BeeproError `PIECE_…`, `STORAGE_…`, `TIMED_OUT`
 */
export async function retrievePiece(modules: SectorModules, request: RetrieveRequest): Promise<Retrieved> {
  const out = resolve(request.out);
  const temporary = `${out}.${randomUUID().slice(0, 8)}.unsealed`;
  const facts = await retrievalFacts(modules.db.kysely, request.cid);
  const plan = planRetrieval(request.cid, temporary, facts, request.ways);
  if (plan.way === 'unseal') await unseal(modules, plan, out, request);
  else await writePiece(plan, out, request.onBytes);
  return { way: plan.way, bytes: plan.piece.raw_size, sha256: plan.piece.sha256 };
}

async function unseal(
  modules: SectorModules,
  plan: Extract<RetrievalPlan, { way: 'unseal' }>,
  out: string,
  request: RetrieveRequest,
): Promise<void> {
  const temporary = plan.request.out;
  await requestUnseal(modules, plan.sector, plan.request);
  try {
    const run = await finishedRun(modules, plan, request);
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
  { sector, request: { out } }: Extract<RetrievalPlan, { way: 'unseal' }>,
  { timeoutMs, onRun, signal }: RetrieveRequest,
): Promise<PhaseRunRow> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    signal?.throwIfAborted();
    const runs = await listRunsOfSector(modules.db.kysely, sector);
    const run = runs.findLast(({ phase, input }) => phase === 'unseal' && input.out === out);
    if (run) onRun?.(run);
    if (run?.status === 'done') return run;
    // A retry is inserted in the transaction that ends the run before it: there is none.
    if (!run || run.status === 'failed' || run.status === 'superseded') {
      throw new BeeproError('PIECE_UNSEAL_FAILED', {
        sector: sectorName(sector),
        code: run?.error_code ?? 'RUN_SUPERSEDED',
        detail: run?.error_message ?? 'it was taken back',
      });
    }
    if (performance.now() > deadline)
      throw new BeeproError('TIMED_OUT', { what: 'Unsealing', ms: timeoutMs });
    await sleep(POLL_MS, undefined, { ref: true });
  }
}

async function checkFile(
  path: string,
  { piece }: Extract<RetrievalPlan, { way: 'unseal' }>,
  run: PhaseRunRow,
): Promise<void> {
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

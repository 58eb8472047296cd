import {
  adoptRun,
  claimRun,
  type Database,
  findRun,
  type HeldLease,
  listRunsOfWorker,
  type PhaseRunRow,
  transaction,
} from '#db';
import type { Logger } from '#log';
import { type JobFetcher, jobId, queueName } from '#queues';
import type { JournalledRun, RunJournal, Sealers } from '#sealer';
import { ActiveRun } from './active-run.ts';
import { startedAs, startsNow } from './run-start.ts';

/** A run of an earlier agent that this one answers for now. */
export interface AdoptedRun {
  readonly run: ActiveRun;
  /** Undefined: it died between the claim and the journal, and nothing was started. */
  readonly journalled: JournalledRun | undefined;
}

interface Modules {
  readonly worker: string;
  readonly lease: HeldLease;
  /** The lease's token at any time: it rises when a lapsed lease is regained. */
  readonly hostEpoch: () => number;
  readonly database: Database;
  readonly journal: RunJournal;
  readonly pool: Sealers;
  readonly fetcher: JobFetcher;
  readonly log: Logger;
}

/**
 * Takes over what an earlier agent of this worker left: every run that MySQL still has as claimed by this worker, and
 * those that the sweeper has given back meanwhile and nobody has claimed since — a PC1 of three hours is not begun
 * anew because its agent was away. BullMQ's locks do not matter. What is left in the journal is nobody's any
 * more: its sealer is ended.
 */
export async function adoptRuns(modules: Modules): Promise<AdoptedRun[]> {
  const journal = new Map((await modules.journal.list()).map((entry) => [entry.intent.runId, entry]));
  const adopted: AdoptedRun[] = [];
  for (const row of await listRunsOfWorker(modules.database.kysely, modules.worker)) {
    const journalled = journal.get(row.id);
    const claim = { runId: row.id, attempt: row.attempt, claim: row.claim };
    // A landing goes into a folder of its claim's own: one that is begun again gets another.
    const anew = row.phase === 'landing' && !journalled?.outcome;
    const host = { worker: modules.worker, hostEpoch: modules.lease.token, anew };
    if (!(await adoptRun(modules.database.kysely, claim, host))) continue;
    // A run's row is one attempt with one input: what any claim of this worker computed for it holds.
    adopted.push(await adopt(modules, anew ? { ...row, claim: row.claim + 1 } : row, journalled));
    journal.delete(row.id);
  }
  for (const journalled of journal.values()) {
    const row = await reclaim(modules, journalled);
    if (row) adopted.push(await adopt(modules, row, journalled));
    else await forget(modules, journalled);
  }
  return adopted;
}

/** Names of sealers that still compute for a journalled run; with an outcome written they are free for others. */
export function neededSealers(entries: readonly JournalledRun[]): Set<string> {
  return new Set(entries.flatMap(({ intent, outcome }) => (outcome ? [] : (intent.sealer ?? []))));
}

async function adopt(
  modules: Modules,
  row: PhaseRunRow,
  journalled: JournalledRun | undefined,
): Promise<AdoptedRun> {
  const { queue, jobId: id } = journalled?.intent ?? {
    queue: queueName(row.phase, row.queue_worker),
    jobId: jobId(row, row.phase, row.attempt),
  };
  const job = await modules.fetcher.adopt(queue, id).catch((error: unknown) => {
    modules.log.warn({ err: error, runId: row.id }, 'its BullMQ job is not taken over');
    return undefined;
  });
  modules.log.info({ runId: row.id, phase: row.phase, miner: row.miner, sector: row.number }, 'adopted');
  const start = journalled ? startedAs(journalled.intent) : startsNow();
  const run = new ActiveRun(row, { ...modules, job, start });
  run.cores = journalled?.intent.cores;
  run.seat = journalled?.intent.seat;
  return { run, journalled };
}

/** Claims again a run that was given back to the queue while this worker was away. */
async function reclaim(modules: Modules, journalled: JournalledRun): Promise<PhaseRunRow | undefined> {
  const { runId, attempt } = journalled.intent;
  const row = await findRun(modules.database.kysely, runId);
  if (row?.attempt !== attempt || row.status !== 'queued') return undefined;
  return transaction(modules.database, (trx) =>
    claimRun(trx, { runId, attempt, worker: modules.worker, hostEpoch: modules.lease.token }),
  );
}

async function forget(modules: Modules, { intent, outcome }: JournalledRun): Promise<void> {
  modules.log.info({ runId: intent.runId, phase: intent.phase }, 'no longer wanted');
  if (intent.sealer !== null && !outcome) await modules.pool.dispose(intent.sealer);
  await modules.journal.forget(intent.runId);
}

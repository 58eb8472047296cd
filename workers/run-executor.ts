import { BeeproError, isErrorCode, killPoint, toBeeproError } from '#core';
import { type Database, noteRunProgress, type PhaseRunRow } from '#db';
import type { Logger } from '#log';
import { type JobEnd, jobId, type QueueBus, queueName, removeJob } from '#queues';
import {
  type JournalledRun,
  type RunIntent,
  type RunJournal,
  type RunOutcome,
  readBootId,
  type SealerReservation,
  type Sealers,
} from '#sealer';
import type { Workspace } from '#storage';
import { accept, defer, failureOutcome, lostClaim, type Verdict } from './acceptance.ts';
import type { ActiveRun } from './active-run.ts';
import type { AgentSettings } from './agent-settings.ts';
import type { C1Inbox } from './c1-stream/inbox.ts';
import type { ChainFacts } from './chain-facts.ts';
import { Deferral, deferralFor } from './deferral.ts';
import type { HostDevices } from './devices/index.ts';
import { isDiskFull, patiently } from './patience.ts';
import { openPhaseContext } from './phase-context.ts';
import { PHASE_HANDLERS, type PhaseContext, type PhaseHandler } from './phases/index.ts';
import { ProgressNotes } from './progress-notes.ts';
import { RunSealer } from './run-sealer.ts';
import { uptimeMs } from './run-start.ts';
import { untilLeft } from './until-left.ts';

export interface ExecutorModules {
  readonly worker: string;
  readonly database: Database;
  readonly bus: QueueBus;
  readonly chain: ChainFacts;
  readonly settings: AgentSettings;
  readonly workspace: Workspace;
  readonly inbox: C1Inbox;
  readonly journal: RunJournal;
  readonly pool: Sealers;
  readonly log: Logger;
  readonly hostEpoch: () => number;
  /** Claims a run again that was given back while this agent was not heard; false when it cannot be had. */
  readonly reclaim: (run: ActiveRun) => Promise<boolean>;
  /** False when a newer agent of this host has taken over: journal and sealers are its. */
  readonly isOurs: () => Promise<boolean>;
  readonly devices: HostDevices;
}

/** Pause before a run is tried again whose intent could not be journalled, in ms. */
const JOURNAL_WAIT_MS = 10_000;

type Times = Pick<RunOutcome, 'startedAt' | 'answeredAt'>;
type Ending =
  | { readonly outcome: RunOutcome }
  | { readonly deferral: Deferral }
  /** Somebody else has the run, or nobody wants it. */
  | 'dropped'
  /** A newer agent of this host has it, with its journal and its sealer. */
  | 'replaced';

/**
 * The life of one claimed run: intent journalled → sealer → result journalled → accepted in MySQL → next job
 * published → BullMQ job completed. A crash at any point of it is picked up by the next agent from the journal.
 */
export class RunExecutor {
  readonly #modules: ExecutorModules;

  constructor(modules: ExecutorModules) {
    this.#modules = modules;
  }

  /** @param journalled what an earlier agent had written of the same run */
  async execute(run: ActiveRun, journalled?: JournalledRun): Promise<void> {
    const log = this.#log(run.row);
    try {
      const context = await patiently(() => openPhaseContext(this.#modules, run, log), {
        signal: run.leaving,
        onPause: (error) => log.warn({ err: error }, 'the run waits for MySQL'),
      });
      run.answered = journalled?.outcome !== undefined;
      // With an outcome in the journal only the acceptance is missing.
      const ending = journalled?.outcome
        ? { outcome: journalled.outcome }
        : await this.#compute(run, context, journalled);
      if (ending === 'replaced') this.#yield(run, context);
      else if (ending === 'dropped') await this.#drop(run, context);
      else await this.#conclude(run, context, ending);
    } catch (error) {
      // The agent stops, or something is wrong with this machine: the journal has it, the next agent goes on.
      if (!run.leaving.aborted) log.error({ err: error }, 'the run is left to the next agent');
      run.left = true;
      run.sealer?.leave();
    }
  }

  async #compute(
    run: ActiveRun,
    context: PhaseContext,
    journalled: JournalledRun | undefined,
  ): Promise<Ending> {
    const handler = PHASE_HANDLERS[run.phase];
    const reservation = await this.#reserve(run, handler, journalled?.intent.sealer ?? null);
    try {
      await this.#modules.journal.writeIntent(this.#intent(run, reservation?.name ?? null));
    } catch (error) {
      // Nothing was started, and nothing is started that the journal cannot name.
      await reservation?.cancel();
      return { deferral: journalTrouble(error) };
    }
    killPoint('run.intent-journalled');
    const notes = new ProgressNotes((note) =>
      noteRunProgress(this.#modules.database.kysely, run.fence, note).catch((error: unknown) => {
        context.log.debug({ err: error }, 'progress not recorded');
        return true;
      }),
    );
    const device = run.seat ? { device: run.seat.device } : {};
    if (reservation) {
      run.sealer = new RunSealer({
        reservation,
        runId: run.row.id,
        network: context.network,
        hostEpoch: this.#modules.hostEpoch,
        onProgress: (progress) => notes.add({ ...progress, ...device }),
        requireGpu: run.seat !== undefined && this.#modules.devices.needsGpu(run.seat),
        mayEnd: this.#modules.isOurs,
      });
    }
    const began = new Date();
    const times = () => ({
      startedAt: (run.sealer?.startedAt ?? began).toISOString(),
      answeredAt: new Date().toISOString(),
    });
    try {
      context.log.info(device, 'started');
      // The operator sees at once which device it is on, also when it takes no longer than a moment.
      if (run.seat)
        void noteRunProgress(this.#modules.database.kysely, run.fence, { progress: device }).catch(
          () => undefined,
        );
      // Onto the context itself: a copy would keep the fence of this moment.
      const progress = (note: Readonly<Record<string, unknown>>) => notes.add({ ...note, ...device });
      const work = handler.run(Object.assign(context, { progress }));
      const done = await untilLeft(work, run.signal);
      await this.#noteOnDevice(run, undefined);
      const standIn = run.sealer?.standIn;
      const named = standIn === undefined ? done : { ...done, standIn };
      return { outcome: await this.#journalOutcome(run, { done: named, ...times() }) };
    } catch (thrown) {
      return await this.#endingOf(run, thrown, times());
    } finally {
      notes.close();
    }
  }

  async #endingOf(run: ActiveRun, thrown: unknown, times: Times): Promise<Ending> {
    if (run.stopReason === 'agent-stops') throw thrown;
    if (run.stopReason === 'superseded') return 'dropped';
    if (thrown instanceof Deferral) return { deferral: thrown };
    const error = this.#whyStopped(run) ?? toBeeproError(thrown);
    const lost = lostClaim(error);
    if (lost) return lost;
    await this.#noteOnDevice(run, error);
    const deferral = deferralFor(error);
    if (deferral) return { deferral };
    return { outcome: await this.#journalOutcome(run, failureOutcome(error, times)) };
  }

  async #journalOutcome(run: ActiveRun, outcome: RunOutcome): Promise<RunOutcome> {
    // Hours of computing wait until the disk takes the line that says they are over.
    await patiently(
      async () => {
        if (!(await this.#modules.isOurs()))
          throw new BeeproError('SEALER_STALE_EPOCH', { detail: 'journal' });
        await this.#modules.journal.writeOutcome(run.row.id, outcome);
      },
      {
        signal: run.leaving,
        onPause: (error) =>
          this.#log(run.row).error({ err: error }, 'the result waits for the journal’s disk'),
        isOutage: isDiskFull,
      },
    );
    killPoint('run.result-journalled');
    run.answered = true;
    // From here on the outcome is ours to keep: the next run need not wait for its acceptance.
    void run.sealer?.finish(errorOf(outcome)).catch((error: unknown) => {
      this.#log(run.row).warn({ err: error }, 'sealer not released');
    });
    return outcome;
  }

  async #conclude(run: ActiveRun, context: PhaseContext, ending: Exclude<Ending, string>): Promise<void> {
    const { verdict, error } =
      'deferral' in ending
        ? await this.#defer(run, ending.deferral)
        : await this.#accept(run, ending.outcome);
    run.concluded = true;
    context.log.info({ verdict, ...(error ? { code: error.code, reason: error.message } : {}) }, 'ended');
    if (verdict === 'replaced') {
      run.sealer?.leave();
      return;
    }
    const result = 'outcome' in ending && 'done' in ending.outcome ? ending.outcome.done : undefined;
    if (run.phase === 'landing' && verdict === 'accepted') killPoint('landing.recorded');
    await this.#completeJob(run, verdict === 'superseded' ? 'superseded' : 'done');
    // The same attempt will be published again, and BullMQ ignores an id that it keeps as ended.
    if ('deferral' in ending) await this.#removeJob(run);
    killPoint('accept.completed');
    if ('deferral' in ending) await run.sealer?.finish(ending.deferral.reason);
    if (result) await this.#tidy(context, verdict, result);
    // What was fetched is gone on from when the run comes back here.
    if (!('deferral' in ending)) await this.#dropInput(run);
    await this.#modules.journal.forget(run.row.id);
  }

  /** What was fetched from another worker for it: C2 alone has such. */
  async #dropInput(run: ActiveRun): Promise<void> {
    if (run.phase === 'commit2') await this.#modules.inbox.drop(run.row.id);
  }

  async #accept(
    run: ActiveRun,
    outcome: RunOutcome,
  ): Promise<{ verdict: Verdict; error: BeeproError | undefined }> {
    const retry = this.#modules.settings.retry(run.row.miner);
    try {
      return {
        verdict: await accept(this.#modules, run, outcome, retry),
        error: errorOf(outcome),
      };
    } catch (error) {
      if (run.leaving.aborted || 'failed' in outcome) throw error;
      // A result that is not one of its phase: the run failed.
      const failure = failureOutcome(error, outcome);
      await this.#modules.journal.writeOutcome(run.row.id, failure);
      return {
        verdict: await accept(this.#modules, run, failure, retry),
        error: errorOf(failure),
      };
    }
  }

  async #defer(run: ActiveRun, deferral: Deferral): Promise<{ verdict: Verdict; error: BeeproError }> {
    return { verdict: await defer(this.#modules, run, deferral), error: deferral.reason };
  }

  async #drop(run: ActiveRun, context: PhaseContext): Promise<void> {
    // What looks superseded to an agent that stood still may be what its successor computes.
    if (!(await this.#modules.isOurs())) {
      this.#yield(run, context);
      return;
    }
    context.log.info('superseded');
    await run.sealer?.kill();
    await this.#completeJob(run, 'superseded');
    await this.#dropInput(run);
    await this.#modules.journal.forget(run.row.id);
  }

  #yield(run: ActiveRun, context: PhaseContext): void {
    context.log.info('left to the newer agent of this host');
    run.sealer?.leave();
  }

  async #tidy(
    context: PhaseContext,
    verdict: Verdict,
    result: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const handler = PHASE_HANDLERS[context.run.phase];
    try {
      if (verdict === 'superseded') await handler.discard?.(context, result);
      else await handler.afterAccepted?.(context, result);
    } catch (error) {
      context.log.warn(
        { err: error },
        'tidying failed; it is done with the sector’s next landing or removal',
      );
    }
  }

  async #completeJob(run: ActiveRun, end: JobEnd): Promise<void> {
    try {
      await run.job?.complete(end);
    } catch (error) {
      this.#log(run.row).warn({ err: error }, 'BullMQ job not completed; the sweeper mends it');
    }
  }

  async #removeJob(run: ActiveRun): Promise<void> {
    try {
      if (run.job) await removeJob(this.#modules.bus, run.job.queue, run.job.jobId);
    } catch (error) {
      this.#log(run.row).warn({ err: error }, 'BullMQ job not removed; the sweeper mends it');
    }
  }

  async #reserve(
    run: ActiveRun,
    handler: PhaseHandler,
    known: string | null,
  ): Promise<SealerReservation | undefined> {
    const { pool } = this.#modules;
    if (handler.sealer === null) return undefined;
    if (known !== null) return pool.adopt(known, { seat: run.seat, cores: run.cores });
    return run.seat ? pool.reserveSeat(run.seat) : pool.reserve(handler.sealer, run.cores);
  }

  /**
   * How a run ended goes to its device's record first, so that the next try does not land on a device that failed. A
   * run that never asked its sealer, because the chain or a disk kept it waiting, says nothing of the device.
   */
  async #noteOnDevice(run: ActiveRun, error: BeeproError | undefined): Promise<void> {
    if (!run.seat || !run.sealer?.startedAt) return;
    const detail = run.sealer.fellBack;
    const lost = detail === undefined ? undefined : new BeeproError('SEALER_GPU_LOST', { detail });
    await this.#modules.devices.note(run.seat, run.phase, error ?? lost);
  }

  #intent(run: ActiveRun, sealer: string | null): RunIntent {
    const { row, fence } = run;
    return {
      runId: row.id,
      // An offered run has two jobs: the one that it came by is ended with it.
      jobId: run.job?.jobId ?? jobId(row, row.phase, row.attempt),
      queue: run.job?.queue ?? queueName(row.phase, row.queue_worker),
      miner: row.miner,
      number: row.number,
      phase: row.phase,
      attempt: fence.attempt,
      claim: fence.claim,
      sealer,
      ...(run.cores ? { cores: run.cores } : {}),
      ...(run.seat ? { seat: run.seat } : {}),
      bootId: readBootId(),
      claimedAt: run.began.toISOString(),
      claimedUptimeMs: Math.max(0, uptimeMs() - run.elapsedMs),
    };
  }

  /** What the agent ended it for; undefined: it ended by itself. */
  #whyStopped(run: ActiveRun): BeeproError | undefined {
    if (run.stopReason === 'device-lost') {
      const { device = '' } = run.seat ?? {};
      return new BeeproError('DEVICE_LOST', {
        device,
        phase: run.phase,
        detail: 'nvidia-smi no longer vouches for it',
      });
    }
    if (run.stopReason !== 'time-limit') return undefined;
    const seconds = Math.round(this.#modules.settings.timeLimitMs(run.phase) / 1_000);
    return new BeeproError('WORKER_TIME_LIMIT', { phase: run.phase, seconds });
  }

  #log(row: PhaseRunRow): Logger {
    const { phase, attempt, claim, miner } = row;
    return this.#modules.log.child({ miner, sector: row.number, phase, attempt, claim, runId: row.id });
  }
}

/** The disk of the journal takes nothing: the run waits, and the operator sees why. */
function journalTrouble(error: unknown): Deferral {
  const path = String((error as NodeJS.ErrnoException).path ?? 'the worker’s state folder');
  if (isDiskFull(error)) return new Deferral(JOURNAL_WAIT_MS, 'STORAGE_NO_SPACE', { path });
  return new Deferral(JOURNAL_WAIT_MS, 'STORAGE_IO', { path, detail: toBeeproError(error).message });
}

function errorOf(outcome: RunOutcome): BeeproError | undefined {
  if ('done' in outcome) return undefined;
  const { code, message } = outcome.failed;
  return isErrorCode(code)
    ? new BeeproError(code, { detail: message })
    : new BeeproError('INTERNAL', { detail: message });
}

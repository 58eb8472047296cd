import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { BeeproError, isBeeproError, toBeeproError } from '#core';
import { type Commit1Output, type Database, findWorker, type PhaseRunRow, type SectorRow } from '#db';
import type { Logger } from '#log';
import { copyFile, finishCopy } from '#storage';
import { Deferral } from '../deferral.ts';
import { need } from '../phases/need.ts';
import { dropC1, fetchC1 } from './client.ts';

export interface C1InboxOptions {
  readonly dir: string;
  /** What the fleet's workers share; undefined: nothing is fetched from others. */
  readonly secret?: string | undefined;
  /** A peer or a shared folder that is silent for so long, in ms, is given up. */
  readonly stallMs?: number;
  /** Pause before the second try within a run, in ms; doubled with each. */
  readonly pauseMs?: number;
}

/** Tries of one run, each going on from where the one before ended; then the run waits, for whoever takes it next. */
const TRIES = 3;
const PAUSE_MS = 500;
const STALL_MS = 30_000;
const FIRST_DELAY_MS = 2_000;
const LONGEST_DELAY_MS = 60_000;
/** Longer than any run: what is older was left by one that another worker took over. */
const OLD_MS = 48 * 3_600_000;

/** What it needs to know of the run: a part of the phase's context. */
interface Context {
  readonly run: PhaseRunRow;
  readonly worker: string;
  readonly database: Database;
  readonly signal: AbortSignal;
  readonly log: Logger;
  sector(): Promise<SectorRow>;
  progress(note: Readonly<Record<string, unknown>>): void;
}

const capabilities = z.looseObject({ listen: z.string().optional() });

/** Where a worker serves C1's output, as its row says; undefined: nowhere. */
export function streamAddress(row: { readonly capabilities: unknown } | undefined): string | undefined {
  const known = capabilities.safeParse(row?.capabilities);
  return known.success ? known.data.listen : undefined;
}

/** How long a run waits that could not get its input, in ms: the longer the more often it was claimed for nothing. */
export function refetchDelayMs(claim: number): number {
  return Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(Math.max(claim - 1, 0), 10));
}

/**
 * C1's output of sectors that lie on other workers, copied to this worker's state folder: from the shared folder
 * where it can be read there, else from the worker that holds it. A run that cannot get it waits, and loses no try.
 */
export class C1Inbox {
  readonly #options: C1InboxOptions;

  constructor(options: C1InboxOptions) {
    this.#options = options;
  }

  /**
   * The file that C2 of this run is computed from, on a disk of this worker.
   * @throws Deferral when it cannot be had now; BeeproError `SEALER_FILE_MISSING`, `SEALER_DIGEST_MISMATCH` when it is
   * gone for good
   */
  async take(context: Context): Promise<{ readonly path: string; readonly sha256: string }> {
    const target = this.#path(context.run.id);
    for (let tried = 1; ; tried += 1) {
      // Read anew each time: its host may be lost, or C1 made again.
      const sector = await context.sector();
      const c1 = need(sector.commit1_output, 'output of C1', 'commit2');
      const here = { path: target, sha256: c1.sha256 };
      if (sector.worker === context.worker) return { path: c1.path, sha256: c1.sha256 };
      if (existsSync(target)) return here;
      await mkdir(this.#options.dir, { recursive: true, mode: 0o700 });
      await this.#removeOld();
      try {
        await this.#bring(context, sector, c1, target);
        return here;
      } catch (error) {
        context.signal.throwIfAborted();
        if (!isBeeproError(error) || error.severity !== 'temporary') throw error;
        context.log.info({ code: error.code, reason: error.message, tried }, 'C1’s output is not here yet');
        if (tried >= TRIES) throw new Deferral(refetchDelayMs(context.run.claim), error.code, error.data);
      }
      const pauseMs = (this.#options.pauseMs ?? PAUSE_MS) * 2 ** (tried - 1);
      await sleep(pauseMs, undefined, { signal: context.signal });
    }
  }

  /** After the end of the run, however it ended. */
  async drop(runId: number): Promise<void> {
    await dropC1(this.#path(runId));
  }

  /** Removes what is of no run of this worker; done when the agent starts. */
  async sweep(runIds: ReadonlySet<number>): Promise<void> {
    for (const name of await this.#names()) {
      if (!runIds.has(Number.parseInt(name, 10))) await rm(join(this.#options.dir, name), { force: true });
    }
  }

  async #bring(context: Context, sector: SectorRow, c1: Commit1Output, target: string): Promise<void> {
    const shared = c1.shared === undefined ? 'none' : await this.#copyShared(context, c1, target);
    if (shared === 'taken') return;
    if (sector.worker !== null) {
      await this.#stream(context, sector.worker, c1, target);
      return;
    }
    if (shared instanceof BeeproError && shared.severity === 'temporary') throw shared;
    throw new BeeproError('SEALER_FILE_MISSING', {
      detail: 'C1’s output was on a worker that is lost, and no shared copy of it is left',
    });
  }

  async #copyShared(
    context: Context,
    c1: Commit1Output,
    target: string,
  ): Promise<'taken' | 'none' | BeeproError> {
    if (c1.shared === undefined) return 'none';
    try {
      const stallMs = this.#options.stallMs ?? STALL_MS;
      const copied = await copyFile(c1.shared, target, { signal: context.signal, stallMs });
      if (copied.sha256 !== c1.sha256) {
        throw new BeeproError('SEALER_DIGEST_MISMATCH', { detail: `the shared copy at ${c1.shared}` });
      }
      await finishCopy(target);
      return 'taken';
    } catch (error) {
      context.signal.throwIfAborted();
      context.log.warn({ err: error, path: c1.shared }, 'the shared copy of C1’s output cannot be used');
      await rm(`${target}.tmp`, { force: true });
      return toBeeproError(error);
    }
  }

  async #stream(context: Context, source: string, c1: Commit1Output, target: string): Promise<void> {
    const address = streamAddress(await findWorker(context.database.kysely, source));
    const { secret, stallMs } = this.#options;
    if (address === undefined || secret === undefined) {
      const detail = address === undefined ? 'it serves nothing' : 'this worker has no secret for it';
      throw new BeeproError('WORKER_STREAM_FAILED', { source, address: address ?? 'no address', detail });
    }
    const { id: runId, attempt, claim } = context.run;
    await fetchC1({
      address,
      secret,
      request: { source, worker: context.worker, runId, attempt, claim },
      sha256: c1.sha256,
      size: c1.size,
      target,
      signal: context.signal,
      ...(stallMs === undefined ? {} : { stallMs }),
      onBytes: (done, total) =>
        context.progress({
          step: `fetching C1’s output from ${source}`,
          done,
          total,
          fraction: done / total,
        }),
    });
  }

  async #removeOld(): Promise<void> {
    for (const name of await this.#names()) {
      const path = join(this.#options.dir, name);
      const found = await stat(path).catch(() => undefined);
      if (found && Date.now() - found.mtimeMs > OLD_MS) await rm(path, { force: true });
    }
  }

  async #names(): Promise<string[]> {
    try {
      return await readdir(this.#options.dir);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  #path(runId: number): string {
    return join(this.#options.dir, `${runId}.json`);
  }
}

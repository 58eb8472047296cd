import { readdir, rename, rm, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isPhase, type Phase } from '#core';
import { makeFolderDurably, readJson, writeJsonDurably } from './durable-file.ts';
import { coresSchema } from './sealer-cores.ts';
import { seatSchema } from './sealer-pool.ts';

const phase = z.custom<Phase>((value) => typeof value === 'string' && isPhase(value));

const intentFile = z.object({
  format: z.literal(1),
  /** `phase_run.id`. */
  runId: z.number().int().positive(),
  jobId: z.string(),
  queue: z.string(),
  miner: z.number().int(),
  number: z.number().int(),
  phase,
  attempt: z.number().int(),
  claim: z.number().int(),
  /** The sealer that computes for it, by its name in the state folder; null for phases without one. */
  sealer: z.string().nullable(),
  /** The cores that its sealer is bound to; absent for phases that run wherever the system puts them. */
  cores: coresSchema.optional(),
  /** The slot of a device that it holds; absent for runs that hold none. */
  seat: seatSchema.optional(),
  bootId: z.string(),
  claimedAt: z.string(),
  /** The same moment in ms since the boot, which no set clock moves; absent in journals of older agents. */
  claimedUptimeMs: z.number().nonnegative().optional(),
});
/** What this host is about to do, or does. */
export type RunIntent = Omit<z.infer<typeof intentFile>, 'format'>;

/** When the sealer was asked and when it answered, ISO 8601 by this host's clock. */
const times = { startedAt: z.string(), answeredAt: z.string() };

const outcomeFile = z.union([
  z.object({ done: z.record(z.string(), z.unknown()), ...times }),
  z.object({ failed: z.object({ code: z.string(), message: z.string() }), ...times }),
]);
/** How it ended; in the journal before anybody is told. */
export type RunOutcome = z.infer<typeof outcomeFile>;

export interface JournalledRun {
  readonly intent: RunIntent;
  readonly outcome: RunOutcome | undefined;
}

/**
 * What runs on this host, on disk: `<dir>/<run id>.json` before anything is started, `<run id>.result.json` before a
 * result is reported. Each is fsynced, its name too, so that they outlive the agent, Redis, MySQL and the power.
 */
export class RunJournal {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async open(dir: string): Promise<RunJournal> {
    await makeFolderDurably(dir);
    await takeOverFolders(dir);
    return new RunJournal(dir);
  }

  async writeIntent(intent: RunIntent): Promise<void> {
    await writeJsonDurably(this.#intent(intent.runId), { format: 1, ...intent });
  }

  async writeOutcome(runId: number, outcome: RunOutcome): Promise<void> {
    await writeJsonDurably(this.#outcome(runId), outcome);
  }

  /**
   * After the outcome was accepted, or nobody wants it any more. A power cut may bring the files back, as a crash right
   * before this leaves them: MySQL says then that the run is over, so nothing waits for the disk here.
   */
  async forget(runId: number): Promise<void> {
    await remove(this.#outcome(runId));
    await remove(this.#intent(runId));
  }

  async read(runId: number): Promise<JournalledRun | undefined> {
    const intent = intentFile.safeParse(await readJson(this.#intent(runId)));
    // Without a whole intent nothing had been started.
    if (!intent.success) return undefined;
    const { format: _format, ...known } = intent.data;
    const outcome = outcomeFile.safeParse(await readJson(this.#outcome(runId)));
    return { intent: known, outcome: outcome.success ? outcome.data : undefined };
  }

  /** Every run of the journal; files without a whole intent are removed. */
  async list(): Promise<JournalledRun[]> {
    const runs = new Map<number, JournalledRun>();
    const names = await readdir(this.#dir);
    for (const name of names) {
      const runId = Number(INTENT_NAME.exec(name)?.[1]);
      const run = Number.isSafeInteger(runId) ? await this.read(runId) : undefined;
      if (run) runs.set(runId, run);
    }
    for (const name of names) {
      const runId = Number(ANY_NAME.exec(name)?.[1]);
      const isLeft = name.endsWith('.tmp') || !runs.has(runId);
      if (Number.isSafeInteger(runId) && isLeft) await remove(join(this.#dir, name));
    }
    return [...runs.values()].sort((a, b) => a.intent.runId - b.intent.runId);
  }

  #intent(runId: number): string {
    return join(this.#dir, `${runId}.json`);
  }

  #outcome(runId: number): string {
    return join(this.#dir, `${runId}.result.json`);
  }
}

const INTENT_NAME = /^(\d+)\.json$/;
/** Also what an interrupted writing has left. */
const ANY_NAME = /^(\d+)\.(?:result\.)?json(?:\.tmp)?$/;

/** Journals of older agents have a folder for each run: what it holds goes on under its new name. */
async function takeOverFolders(dir: string): Promise<void> {
  for (const entry of await readdir(dir, { withFileTypes: true })) {
    if (!entry.isDirectory() || !/^\d+$/.test(entry.name)) continue;
    const folder = join(dir, entry.name);
    // The outcome first: an intent without it would be computed again.
    for (const [from, to] of [
      ['result.json', `${entry.name}.result.json`],
      ['run.json', `${entry.name}.json`],
    ] as const) {
      await rename(join(folder, from), join(dir, to)).catch(ignoreAbsence);
    }
    await rm(folder, { recursive: true, force: true });
  }
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch(ignoreAbsence);
}

function ignoreAbsence(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

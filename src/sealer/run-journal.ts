import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { isPhase, type Phase } from '#core';
import { makeFolderDurably, readJson, removeDurably, writeJsonDurably } from './durable-file.ts';
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
 * What runs on this host, on disk: `<dir>/<run id>/run.json` before anything is started, `result.json` before a
 * result is reported. Each is fsynced, its folder too, so that they outlive the agent, Redis, MySQL and the power.
 */
export class RunJournal {
  readonly #dir: string;

  private constructor(dir: string) {
    this.#dir = dir;
  }

  static async open(dir: string): Promise<RunJournal> {
    await makeFolderDurably(dir);
    return new RunJournal(dir);
  }

  async writeIntent(intent: RunIntent): Promise<void> {
    await makeFolderDurably(this.#folder(intent.runId));
    await writeJsonDurably(join(this.#folder(intent.runId), 'run.json'), { format: 1, ...intent });
  }

  async writeOutcome(runId: number, outcome: RunOutcome): Promise<void> {
    await writeJsonDurably(join(this.#folder(runId), 'result.json'), outcome);
  }

  /** After the outcome was accepted, or nobody wants it any more. */
  async forget(runId: number): Promise<void> {
    await removeDurably(this.#folder(runId));
  }

  async read(runId: number): Promise<JournalledRun | undefined> {
    const intent = intentFile.safeParse(await readJson(join(this.#folder(runId), 'run.json')));
    // Without a whole intent nothing had been started.
    if (!intent.success) return undefined;
    const { format: _format, ...known } = intent.data;
    const outcome = outcomeFile.safeParse(await readJson(join(this.#folder(runId), 'result.json')));
    return { intent: known, outcome: outcome.success ? outcome.data : undefined };
  }

  /** Every run of the journal; folders without a whole intent are removed. */
  async list(): Promise<JournalledRun[]> {
    const runs: JournalledRun[] = [];
    for (const name of await readdir(this.#dir)) {
      const runId = Number(name);
      if (!Number.isSafeInteger(runId)) continue;
      const run = await this.read(runId);
      if (run) runs.push(run);
      else await this.forget(runId);
    }
    return runs.sort((a, b) => a.intent.runId - b.intent.runId);
  }

  #folder(runId: number): string {
    return join(this.#dir, String(runId));
  }
}

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Phase, SectorId } from '#core';
import { type Executor, listRunsOfSector, listUnpublished, type PhaseRunRow } from '#db';
import type { ProcessIdentity } from '#sealer';
import { publishJobs } from '#sector';
import { waitFor } from '#testing';
import type { Fleet } from './fleet.ts';

/** What an agent keeps on its host's disk, looked at from outside. */
export class HostFiles {
  readonly state: string;

  /** @param state the agent's state folder */
  constructor(state: string) {
    this.state = state;
  }

  /** Ids of the runs in the journal. */
  journal(): number[] {
    const runs = join(this.state, 'runs');
    return existsSync(runs) ? [...new Set(readdirSync(runs).map((name) => Number.parseInt(name, 10)))] : [];
  }

  /** The sealer that the journal of a run names. */
  sealerOf(runId: number): { name: string; identity: ProcessIdentity } | undefined {
    const intent = join(this.state, 'runs', `${runId}.json`);
    if (!existsSync(intent)) return undefined;
    const name = JSON.parse(readFileSync(intent, 'utf8')).sealer as string;
    const identity = this.sealerNamed(name);
    return identity && { name, identity };
  }

  /** The process that has this name among the sealers now. */
  sealerNamed(name: string): ProcessIdentity | undefined {
    const record = join(this.state, 'sealers', name, 'sealer.json');
    return existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')) : undefined;
  }

  /** True while no other process has taken the name of this sealer; one that has served its run may have ended. */
  isUnchanged({ name, identity }: { name: string; identity: ProcessIdentity }): boolean {
    const now = this.sealerNamed(name);
    return now === undefined || (now.pid === identity.pid && now.startTime === identity.startTime);
  }

  /** The outcome of a run in the journal. */
  outcomeOf(runId: number): unknown {
    const outcome = join(this.state, 'runs', `${runId}.result.json`);
    return existsSync(outcome) ? JSON.parse(readFileSync(outcome, 'utf8')) : undefined;
  }

  /** True once the sealer itself has stored the end of the run's step. */
  hasSealerEnded(sealer: string, runId: number, step: string): boolean {
    return existsSync(join(this.state, 'sealers', sealer, 'state', `r${runId}.${step}.result.json`));
  }

  /** True once the sealer has journalled the request. */
  hasRequested(runId: number, step: string): boolean {
    const sealer = this.sealerOf(runId);
    if (!sealer) return false;
    return existsSync(join(this.state, 'sealers', sealer.name, 'state', `r${runId}.${step}.request.json`));
  }
}

/** The running run of a phase, once its sealer has been asked for `step`. */
export async function untilComputing(
  db: Executor,
  files: HostFiles,
  id: SectorId,
  phase: Phase,
  step: string,
  deadlineMs = 30_000,
): Promise<{ run: PhaseRunRow; sealer: { name: string; identity: ProcessIdentity } }> {
  return waitFor(
    async () => {
      const runs = await listRunsOfSector(db, id, ['running']);
      const run = runs.find((one) => one.phase === phase && files.hasRequested(one.id, step));
      const sealer = run && files.sealerOf(run.id);
      return run && sealer && { run, sealer };
    },
    { deadlineMs, what: `${phase} to compute` },
  );
}

/** Publishes what a dead agent had committed, as the sealing role would. */
export async function publishLeft(fleet: Fleet): Promise<void> {
  const left = await listUnpublished(fleet.database.kysely, { limit: 100 });
  const jobs = left
    .filter((entry) => entry.run_status === 'queued')
    .map((entry) => ({
      outboxId: entry.id,
      runId: entry.run_id,
      queue: entry.queue,
      jobId: entry.job_id,
      priority: entry.priority,
    }));
  await publishJobs(fleet.database.kysely, fleet.bus, jobs);
}

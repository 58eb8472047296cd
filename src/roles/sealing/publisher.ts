import { listUnpublished, markPublished, pruneOutbox, type UnpublishedEntry } from '#db';
import { publishJobs } from '#sector';
import type { SealingModules } from './modules.ts';

/** Younger rows are being published by whoever committed them. */
const GRACE_MS = 300;
const PAGE = 500;

/** What is to be done with an outbox row that nobody has published: only a run that still waits needs a job. */
export function outboxVerdict(entry: Pick<UnpublishedEntry, 'run_status'>): 'publish' | 'forget' {
  return entry.run_status === 'queued' ? 'publish' : 'forget';
}

/** Publishes the jobs that their transaction's process did not: it died, or Redis was away. */
export async function publishLeftovers(modules: SealingModules, signal: AbortSignal): Promise<void> {
  const { db, bus, settings } = modules;
  for (;;) {
    const entries = await listUnpublished(db.kysely, { limit: PAGE, olderThanMs: GRACE_MS });
    if (entries.length === 0) break;
    const wanted = entries.filter((entry) => outboxVerdict(entry) === 'publish');
    const jobs = wanted.map((entry) => ({
      outboxId: entry.id,
      runId: entry.run_id,
      queue: entry.queue,
      jobId: entry.job_id,
      priority: entry.priority,
    }));
    await publishJobs(db.kysely, bus, jobs, { again: true });
    await markPublished(
      db.kysely,
      entries.filter((entry) => outboxVerdict(entry) === 'forget').map((entry) => entry.id),
    );
    if (wanted.length > 0) {
      modules.log.info(
        { event: 'outbox.published', jobs: wanted.length },
        'published jobs left in the outbox',
      );
    }
    if (entries.length < PAGE || signal.aborted) break;
  }
  await pruneOutbox(db.kysely, settings.get('coordinator.outbox_keep'), 1_000);
}

import type { PhaseRunRow } from '#db';
import { type JobRequest, jobId, offerJobId, queueName } from '#queues';

type Run = Pick<
  PhaseRunRow,
  'id' | 'miner' | 'number' | 'phase' | 'attempt' | 'priority' | 'queue_worker' | 'offered_at'
>;

/**
 * The jobs that a queued run has in BullMQ: one in its own queue and, while it is offered to other hosts, one in the
 * fleet's. Whoever claims the run has it, by whichever job; the other's fetcher completes that as superseded.
 */
export function jobsOfRun(run: Run): JobRequest[] {
  const own: JobRequest = {
    runId: run.id,
    queue: queueName(run.phase, run.queue_worker),
    jobId: jobId(run, run.phase, run.attempt),
    priority: run.priority,
  };
  if (run.offered_at === null || run.queue_worker === null) return [own];
  return [own, offerJob(run)];
}

export function offerJob(run: Run): JobRequest {
  return {
    runId: run.id,
    queue: queueName(run.phase),
    jobId: offerJobId(run, run.phase, run.attempt),
    priority: run.priority,
  };
}

import type { QueueName } from './names.ts';
import { clampPriority } from './priority.ts';
import type { QueueBus } from './queue-bus.ts';

/** A phase run as BullMQ sees it: the columns of an outbox row. */
export interface JobRequest {
  readonly queue: QueueName;
  readonly jobId: string;
  readonly runId: number;
  readonly priority: number;
}

/** What Redis knows of a job. `absent`: never added, removed, or lost with Redis. */
export type JobPresence = 'absent' | 'waiting' | 'active' | 'completed' | 'failed';

/** Adds the job. Adding one that is there already, in whatever state, changes nothing. */
export async function publishJob(bus: QueueBus, request: JobRequest): Promise<void> {
  await bus
    .queue(request.queue)
    .add(
      request.jobId,
      { runId: request.runId },
      { jobId: request.jobId, priority: clampPriority(request.priority) },
    );
}

/**
 * Makes the job waiting again: for a run that MySQL has as `queued` while BullMQ keeps its job as ended, or
 * not at all. BullMQ ignores an id that it keeps as ended, so that one is removed first. A job that waits or
 * is locked by somebody stays as it is.
 */
export async function republishJob(bus: QueueBus, request: JobRequest): Promise<void> {
  const presence = await jobPresence(bus, request.queue, request.jobId);
  if (presence === 'completed' || presence === 'failed') await removeJob(bus, request.queue, request.jobId);
  await publishJob(bus, request);
}

export async function jobPresence(bus: QueueBus, queue: QueueName, jobId: string): Promise<JobPresence> {
  const state = await bus.queue(queue).getJobState(jobId);
  switch (state) {
    case 'completed':
    case 'failed':
    case 'active':
      return state;
    case 'unknown':
      return 'absent';
    default:
      return 'waiting';
  }
}

/** Removes a job that nobody holds; returns false when it is locked by a worker or not there. */
export async function removeJob(bus: QueueBus, queue: QueueName, jobId: string): Promise<boolean> {
  return (await bus.queue(queue).remove(jobId)) === 1;
}

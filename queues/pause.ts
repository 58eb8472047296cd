import type { QueueName } from './names.ts';
import type { QueueBus } from './queue-bus.ts';

/**
 * Shows a pause in BullMQ, and so in Bull Board. The record is the table `queue_pause`: workers read it, so a
 * pause outlives the loss of Redis.
 */
export async function showPause(bus: QueueBus, queue: QueueName, paused: boolean): Promise<void> {
  if (paused) await bus.queue(queue).pause();
  else await bus.queue(queue).resume();
}

export interface QueueCounts {
  readonly queue: QueueName;
  readonly waiting: number;
  readonly active: number;
  readonly completed: number;
  readonly failed: number;
  readonly paused: boolean;
}

/** How many jobs each queue holds; `completed` and `failed` are those still kept. */
export async function countJobs(bus: QueueBus, queues: readonly QueueName[]): Promise<QueueCounts[]> {
  return Promise.all(
    queues.map(async (name) => {
      const queue = bus.queue(name);
      const [counts, paused] = await Promise.all([
        queue.getJobCounts('wait', 'prioritized', 'delayed', 'active', 'completed', 'failed'),
        queue.isPaused(),
      ]);
      const sum = (...names: string[]) => names.reduce((total, key) => total + (counts[key] ?? 0), 0);
      return {
        queue: name,
        waiting: sum('wait', 'prioritized', 'delayed'),
        active: sum('active'),
        completed: sum('completed'),
        failed: sum('failed'),
        paused,
      };
    }),
  );
}

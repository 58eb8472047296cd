import { BeeproError, killPoint } from '#core';
import { type Executor, markPublished } from '#db';
import { publishJob, type QueueBus, republishJob } from '#queues';
import type { OutboxJob } from './apply.ts';

/** Redis may be away: an answer to an operator or a worker does not wait longer for it than this. */
const PUBLISH_TIMEOUT_MS = 5_000;

export interface PublishOptions {
  /** The row may have been published before: an ended job of the same id is replaced. */
  readonly again?: boolean;
}

/**
 * Puts committed jobs into their queues and marks their outbox rows. What fails here is left to the publisher of
 * the sealing role: publishing is the fast path, never the only one.
 * @throws BeeproError `REDIS_UNREACHABLE`, `TIMED_OUT`, or what Redis says
 */
export async function publishJobs(
  db: Executor,
  bus: QueueBus,
  jobs: readonly OutboxJob[],
  options: PublishOptions = {},
): Promise<void> {
  if (jobs.length === 0) return;
  bus.requireReady();
  killPoint('outbox.before-publish');
  const publish = options.again ? republishJob : publishJob;
  await withTimeout(Promise.all(jobs.map((job) => publish(bus, job))));
  killPoint('outbox.after-publish');
  await markPublished(
    db,
    jobs.map((job) => job.outboxId),
  );
  killPoint('outbox.marked');
}

async function withTimeout<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () =>
        reject(new BeeproError('TIMED_OUT', { what: 'publishing jobs to Redis', ms: PUBLISH_TIMEOUT_MS })),
      PUBLISH_TIMEOUT_MS,
    );
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}

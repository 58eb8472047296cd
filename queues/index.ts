export { FetchedJob, type JobEnd } from './fetched-job.ts';
export { JobFetcher, type JobFetcherOptions, wakeWorker } from './job-fetcher.ts';
export {
  isWorkerName,
  jobId,
  offerJobId,
  parseQueueName,
  type QueueName,
  type QueueParts,
  queueName,
} from './names.ts';
export { countJobs, type QueueCounts, showPause } from './pause.ts';
export { clampPriority, DEFAULT_PRIORITY, MAX_PRIORITY, MIN_PRIORITY, urgencyPriority } from './priority.ts';
export {
  type JobPresence,
  type JobRequest,
  jobPresence,
  publishJob,
  removeJob,
  republishJob,
} from './publish.ts';
export { type PhaseJobData, QueueBus, type QueueBusOptions } from './queue-bus.ts';
export {
  describeRedisAddress,
  parseRedisAddress,
  type RedisAddress,
  type RedisNode,
} from './redis-address.ts';
